#include "weft/rt/work/task_tree.h"

#include "weft/rt/work/await_trail.h"
#include "weft/rt/work/coroutine_name.h"
#include "weft/rt/work/roster.h"
#include "weft/rt/work/spawn_mark.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

constexpr std::size_t deepest_indent = 24;

struct place_in_tree {
  scope* of;
  std::size_t level;
};

class writer {
 public:
  writer(const task_tree_options& how, std::string& text) noexcept : how_(how), text_(text) {}

  std::size_t write(const std::vector<scope*>& roots) {
    for (auto each = roots.rbegin(); each != roots.rend(); ++each) pending_.push_back({*each, 0});
    for (std::size_t written = 0; !pending_.empty() && written < how_.most_tasks; ++written) {
      const place_in_tree next = pending_.back();
      pending_.pop_back();
      write_scope(next, how_.most_tasks - written);
    }
    return left_out_ + pending_.size();
  }

 private:
  void write_scope(const place_in_tree& next, std::size_t room) {
    scope& chain = *next.of;
    leaf_op* const op = chain.armed_op_or_null();
    const frame* innermost = nullptr;
    std::string state;
    if (const frame* const running = running_in(chain)) {
      innermost = running;
      state = "running, asks for this report";
    } else if (op != nullptr) {
      if (chain.root != nullptr) innermost = chain.at;
      state = op->what->name;
      if (op->what->describe != nullptr) op->what->describe(*op, how_.now_ns, state);
    } else if (chain.root == nullptr || chain.root->handle().done()) {
      state = "has ended";
    } else {
      innermost = chain.at;
      // The same mark on a frame at its end means something else.
      const bool is_foreign = innermost->is_in_foreign() && !chain.at->handle().done();
      state = is_foreign ? "something that is not weft's" : "ready to run";
    }
    scope* const clean_up = chain.running_exit_hook();
    if (clean_up != nullptr) state = "awaits clean-up";
    if (chain.is_stopping()) state += ", stopping";
    const spawn_mark* const mark = mark_of(chain);
    const bool has_name = mark != nullptr && !mark->name().empty();
    const std::string name = has_name                ? mark->name()
                             : chain.root != nullptr ? coroutine_name(chain.root->site().function_name())
                                                     : "(no coroutine)";
    text_ += indent_of(next.level) + "- " + name + ": " + state + '\n';
    if (mark != nullptr) write_spawned_at(mark->where(), indent_of(next.level) + "    ", text_);
    if (innermost != nullptr) write_chain(*innermost, next.level);
    if (op != nullptr && op->what->for_each_child != nullptr) push_children(*op, next.level + 1, room);
    if (clean_up != nullptr) pending_.push_back({clean_up, next.level + 1});
  }

  void write_chain(const frame& innermost, std::size_t level) {
    await_trail trail;
    for (const frame* each = &innermost; each != nullptr; each = each->awaited_by()) trail.add(each->site());
    const await_places shown = trail.kept();
    write_places(shown.all(), shown.left_out, indent_of(level) + "    ", text_);
  }

  void push_children(leaf_op& op, std::size_t level, std::size_t room) {
    struct collector {
      std::vector<scope*> children;
      std::size_t room;
      std::size_t more = 0;
    } found{{}, room};
    op.what->for_each_child(
        op,
        [](void* to, scope& child) {
          auto& all = *static_cast<collector*>(to);
          if (all.children.size() < all.room) {
            all.children.push_back(&child);
          } else {
            ++all.more;
          }
        },
        &found);
    left_out_ += found.more;
    for (auto each = found.children.rbegin(); each != found.children.rend(); ++each)
      pending_.push_back({*each, level});
  }

  [[nodiscard]] static std::string indent_of(std::size_t level) {
    if (level <= deepest_indent) return std::string(2 + 2 * level, ' ');
    return std::string(2 + 2 * deepest_indent, ' ') + "[level " + std::to_string(level) + "] ";
  }

  [[nodiscard]] const frame* running_in(const scope& chain) const noexcept {
    if (how_.running == nullptr) return nullptr;
    for (const frame* each : *how_.running) {
      if (&each->home() == &chain) return each;
    }
    return nullptr;
  }

  const task_tree_options& how_;
  std::string& text_;
  std::vector<place_in_tree> pending_;  // the next one last
  std::size_t left_out_ = 0;
};

}  // namespace

std::size_t write_task_trees(const std::vector<scope*>& roots, const task_tree_options& how,
                             std::string& text) {
  return writer(how, text).write(roots);
}

}  // namespace weft::inline WEFT_ABI::rt
