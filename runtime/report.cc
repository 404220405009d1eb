#include "weft/rt/report.h"

#include <cstddef>
#include <vector>

#include "weft/rt/os/clock.h"
#include "weft/rt/scheduler/paused_workers.h"
#include "weft/rt/scheduler/scheduler.h"
#include "weft/rt/stats.h"
#include "weft/rt/work/coroutine_name.h"
#include "weft/rt/work/task_tree.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

std::string number(std::size_t count) {
  return std::to_string(count);
}

std::string doing(const worker_view& one, const dump_options& how) {
  switch (one.now) {
    case worker_view::doing::asleep:
      return "asleep";
    case worker_view::doing::on_duty:
      return "asleep, looks in on the others";
    case worker_view::doing::searching:
      return "searching for a job";
    case worker_view::doing::between:
      return "awake";
    case worker_view::doing::calling:
      return one.running != nullptr ? "runs " + coroutine_name(one.running->site().function_name()) +
                                          ", which asks for this report"
                                    : "asks for this report";
    case worker_view::doing::resting:
      return "a spare, rests";
    case worker_view::doing::busy:
      break;
    case worker_view::doing::ended:
      return "ended";
  }
  std::string text = "BUSY: has not come to a pause for " + std::to_string(how.patience.count()) + " ms";
  if (one.resumed_at.line() != 0) text += "; its job resumed " + place_in_coroutine(one.resumed_at);
  return text;
}

void write_worker(std::size_t index, const worker_view& one, const report_sources& of,
                  const dump_options& how, std::string& text) {
  text += "  " + std::string(of.name) + '-' + number(index);
  if (one.thread_id != 0) text += " (thread " + std::to_string(one.thread_id) + ")";
  text += ": " + doing(one, how) + "; jobs: " + number(one.ready) + " ready, " + number(one.forked) +
          " forked; timers: " + number(one.timers) + "; descriptors: " + number(one.descriptors) + ", " +
          number(one.waiting) + " waited for\n";
}

void write_pool(const char* name, const crew_counters& its, std::string& text) {
  text += "  " + std::string(name) + ": " + number(its.threads) + " threads, " + number(its.idle) +
          " of them idle; " + number(its.queued) + " calls queued, " + std::to_string(its.ended) + " ended\n";
}

// Of all rosters together, at most `at_most`.
std::vector<scope*> members(std::span<padded<roster>> tasks, std::size_t at_most) {
  std::vector<scope*> found;
  for (auto& each : tasks) {
    each->for_each([&found, at_most](scope& one) {
      if (found.size() < at_most) found.push_back(&one);
    });
  }
  return found;
}

}  // namespace

std::string write_report(const report_sources& of, const dump_options& how) {
  const paused_workers still(of.threads, how.patience);
  std::size_t count = 0;
  for (auto& each : of.tasks) count += each->size();

  std::string text = "weft runtime '" + std::string(of.name) + "': " + number(of.threads.size()) +
                     " workers, " + number(count) + " tasks\nworkers\n";
  std::vector<frame*> running;
  for (std::size_t i = 0; i < still.views().size(); ++i) {
    const worker_view& one = still.views()[i];
    write_worker(i, one, of, how, text);
    if (one.running != nullptr) running.push_back(one.running);
  }
  text += "queues\n  shared: " + number(of.threads.shared_size()) + " jobs\npools\n";
  write_pool("compute", of.compute.counters(), text);
  write_pool("blocking", of.blocking.counters(), text);

  text += "counted since the start\n" + to_string(read_stats(of.threads));

  text += "tasks\n";
  if (!still.is_complete()) {
    text += "  not walked: a worker is busy\n";
    return text;
  }
  const std::vector<scope*> roots = members(of.tasks, how.most_tasks);
  std::size_t more = write_task_trees(
      roots, {.most_tasks = how.most_tasks, .now_ns = os::now_ns(), .running = &running}, text);
  if (count > roots.size()) more += count - roots.size();
  if (more != 0) text += "  ... and " + number(more) + " more\n";
  return text;
}

}  // namespace weft::inline WEFT_ABI::rt
