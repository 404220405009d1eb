// parallel_grep: the lines of many files that contain a text, in path order, on all cores.
//
//     parallel_grep -E 'co_(await|return)' src tests
//
// Each kind of work stands where it belongs: what blocks (the disk, the terminal) in spawn_blocking, what
// burns a core in compute, and the plan of it all in coroutines. Memory is bounded: at most --files files are
// open, each with one piece of its content and the matches that are not printed yet; the walk is one batch
// ahead.
//
// Ctrl-C: the main thread does nothing but wait for signals, of which the end of the search is one.
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <deque>
#include <exception>
#include <memory>
#include <ranges>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "parallel_grep_console.h"
#include "parallel_grep_scan.h"
#include "parallel_grep_walk.h"
#include "weft/weft.h"

namespace parallel_grep {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t piece_size = 256 << 10;
constexpr std::size_t files_in_a_batch = 1024;
// A shorter piece is searched in less time than the way to another thread and back takes.
constexpr std::size_t worth_a_thread = 16 << 10;
// More than this is printed before the file goes on.
constexpr std::size_t much_output = 1 << 20;

struct options {
  request wanted;
  std::vector<std::string> paths;
  std::size_t files_at_once = 32;
  bool shows_progress = false;
};

// A file, a piece at a time. Every function blocks.
class input {
 public:
  explicit input(const std::string& path) : path_(path) {}

  // Empty at the end, and when there is a problem.
  std::string_view read(std::error_code& problem) {
    errno = 0;
    if (!file_) {
      file_.reset(std::fopen(path_.c_str(), "rb"));
      if (file_) std::setvbuf(file_.get(), nullptr, _IONBF, 0);
    }
    const std::size_t size = file_ ? std::fread(piece_.get(), 1, piece_size, file_.get()) : 0;
    if (!file_ || std::ferror(file_.get()) != 0) problem.assign(errno, std::generic_category());
    return {piece_.get(), size};
  }

 private:
  struct closer {
    void operator()(std::FILE* open) const noexcept { std::fclose(open); }
  };
  const std::string& path_;
  std::unique_ptr<std::FILE, closer> file_;
  std::unique_ptr<char[]> piece_ = std::make_unique_for_overwrite<char[]>(piece_size);
};

// A file's place in the order of printing: each hands the turn to the next one. Whoever waits keeps one of
// the --files places, so that finished output cannot pile up behind a slow file.
class print_turn {
 public:
  print_turn(weft::semaphore& mine, weft::semaphore& next) : mine_(&mine), next_(&next) {}

  weft::task<> wait() {
    if (is_mine_) co_return;
    weft::semaphore_permit turn = co_await mine_->acquire();
    turn.forget();  // passed on, not given back
    is_mine_ = true;
  }
  void pass() { next_->add_permits(1); }

 private:
  weft::semaphore* mine_;
  weft::semaphore* next_;
  bool is_mine_ = false;
};

class search {
 public:
  explicit search(options chosen) : chosen_(std::move(chosen)), walk_(chosen_.paths) {}

  // The exit status. Throws std::system_error when standard output takes no more.
  weft::task<int> run() {
    co_await weft::with_task_group([&](weft::task_group& group) -> weft::task<> {
      if (chosen_.shows_progress) group.spawn([this] { return show_progress(); });
      co_await search_all();
      group.request_stop();  // the progress
    });
    if (chosen_.shows_progress) {
      co_await weft::spawn_blocking([&] { console_.end_progress(done_, known_, matches_); });
    }
    if (has_problem_) co_return 2;
    co_return matches_ > 0 ? 0 : 1;
  }

 private:
  weft::task<> search_all() {
    std::vector<candidate> batch = co_await find_files();
    while (!batch.empty()) {
      // The disk is asked for the next names while these files are read.
      auto [next, searched] = co_await weft::when_all(find_files(), search_batch(std::move(batch)));
      batch = std::move(next);
    }
  }

  weft::task<std::vector<candidate>> find_files() {
    std::vector<candidate> found =
        co_await weft::spawn_blocking([&] { return walk_.next(files_in_a_batch); });
    known_ += found.size();
    co_return found;
  }

  weft::task<> search_batch(std::vector<candidate> batch) {
    std::deque<weft::semaphore> turns;
    turns.emplace_back(1);
    for (std::size_t i = 0; i < batch.size(); ++i) turns.emplace_back(0);
    const auto search_one = [&](std::size_t i) {
      return search_file(batch[i], print_turn(turns[i], turns[i + 1]));
    };
    co_await weft::for_each_concurrent(std::views::iota(std::size_t{0}, batch.size()), chosen_.files_at_once,
                                       search_one);
  }

  weft::task<> search_file(const candidate& file, print_turn turn) {
    file_scan found(chosen_.wanted, file.path);
    std::string problem = file.problem ? file.problem.message() : "";
    if (problem.empty()) problem = co_await scan(file.path, found, turn);
    co_await turn.wait();
    if (!problem.empty()) {
      has_problem_ = true;
      problem = file.path + ": " + problem;
    }
    co_await print(found.text, problem);
    matches_ += found.matches();
    ++done_;
    turn.pass();
  }

  // What went wrong, or nothing.
  weft::task<std::string> scan(const std::string& path, file_scan& found, print_turn& turn) {
    input file(path);
    std::error_code problem;
    bool is_whole = true;
    for (bool is_first = true; !found.is_decided(); is_first = false) {
      const std::string_view piece = co_await weft::spawn_blocking([&] { return file.read(problem); });
      if (problem) co_return problem.message();
      const bool is_binary = is_first && piece.find('\0') != std::string_view::npos;
      if (piece.empty() || is_binary) break;

      const auto look = [&] { is_whole = found.add(piece); };
      if (piece.size() < worth_a_thread) {
        look();
      } else {
        co_await weft::compute(look);
      }
      if (!is_whole) co_return "a line has more than 16 MiB; the rest of the file is not searched";
      if (found.text.size() > much_output) {
        co_await turn.wait();
        co_await print(found.text, "");
        found.text.clear();
      }
    }
    found.end();
    co_return "";
  }

  weft::task<> print(const std::string& text, const std::string& problem) {
    if (text.empty() && problem.empty()) co_return;
    co_await weft::spawn_blocking([&] { console_.print(text, problem); });
  }

  // Until it is stopped.
  weft::task<> show_progress() {
    for (;;) {
      co_await weft::sleep_for(200ms);
      co_await weft::spawn_blocking([&] { console_.show_progress(done_, known_, matches_); });
    }
  }

  const options chosen_;
  tree_walk walk_;  // one find_files() at a time
  console console_;
  // Counted by the tasks, shown by the progress.
  std::atomic<std::size_t> known_ = 0;
  std::atomic<std::size_t> done_ = 0;
  std::atomic<std::size_t> matches_ = 0;
  std::atomic<bool> has_problem_ = false;
};

// Tells the main thread of the end, in the language that it waits in.
weft::task<int> with_signal_at_the_end(weft::task<int> program) {
  struct announcement {
    ~announcement() { ::kill(::getpid(), SIGUSR1); }
  } at_the_end;
  co_return co_await std::move(program);
}

int run_until_interrupted(options chosen) {
  // Before there is another thread: all inherit the mask, so that no signal ends up elsewhere.
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGINT);
  sigaddset(&awaited, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &awaited, nullptr);

  search job(std::move(chosen));
  weft::runtime rt;
  auto running = rt.spawn(with_signal_at_the_end(job.run()));
  int received = 0;
  sigwait(&awaited, &received);
  if (received == SIGINT) {
    // A second one ends the program as if nothing were here: somebody may wait for a disk that is gone.
    sigdelset(&awaited, SIGUSR1);
    ::pthread_sigmask(SIG_UNBLOCK, &awaited, nullptr);
    rt.stop();
    return 130;
  }
  return rt.block_on(std::move(running));
}

}  // namespace
}  // namespace parallel_grep

int main(int argc, char** argv) {
  using parallel_grep::output;
  parallel_grep::options chosen;
  CLI::App app(
      "Prints the lines of files that contain PATTERN, in path order. Directories are searched to the\n"
      "bottom; binary files are passed over, and links that are found on the way. Exit status: 0 found,\n"
      "1 not found, 2 something could not be read, 130 interrupted.");
  app.add_option("PATTERN", chosen.wanted.pattern, "the text to look for")->required();
  app.add_option("PATH", chosen.paths, "files and directories; default: the current directory");
  app.add_flag("-E", chosen.wanted.is_regex, "PATTERN is a POSIX extended regular expression");
  bool only_counts = false;
  bool only_names = false;
  auto* const counts = app.add_flag("-c", only_counts, "print the number of matching lines of each file");
  app.add_flag("-l", only_names, "print only the names of files with a match")->excludes(counts);
  app.add_option("--files", chosen.files_at_once, "so many files at a time; default: 32")
      ->check(CLI::Range(1, 4096));
  app.add_flag("--progress", chosen.shows_progress, "show progress even if standard error is no terminal");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? 0 : 2;
  }
  if (only_counts) chosen.wanted.what = output::count;
  if (only_names) chosen.wanted.what = output::name;
  if (chosen.paths.empty()) chosen.paths = {"."};
  chosen.shows_progress = chosen.shows_progress || ::isatty(STDERR_FILENO) == 1;

  try {
    static_cast<void>(parallel_grep::file_scan(chosen.wanted, ""));  // a bad pattern is said once, and now
    return parallel_grep::run_until_interrupted(std::move(chosen));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "parallel_grep: %s\n", error.what());
    return 2;
  }
}
