// with_stop_token: the token asks, the task ends, and its caller is stopped at once: the task ends once, an outside stop
// wins, and whoever asks touches nothing that is gone.
// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "tests/model/stand_in/engine.h"
#include "weft/join_handle.h"
#include "weft/model/model.h"
#include "weft/sync/semaphore.h"
#include "weft/with_stop_token.h"

namespace weft::inline WEFT_ABI::model {
namespace {

struct scene {
  scene() {
    rt::options chosen;
    chosen.workers = 1;
    chosen.on_unhandled_error = [](const rt::unhandled_error&) {};
    home = std::make_unique<rt::engine>(chosen);
  }

  task<> body() {
    begun.set();
    try {
      co_await with_stop_token(quit->get_token(), waits());
      require(before == 0 || before == 1, "it went on");
      ++went_on;
    } catch (const stopped_error&) {
      ++asked;
    }
  }
  task<> waits() {
    semaphore_permit one = co_await go.acquire();
    one.forget();
    ++has_gone;
  }
  auto spawned() {
    const auto run = [this]() -> task<> { return body(); };
    return detail::spawn_on(*home, run);
  }

  std::unique_ptr<rt::engine> home;
  std::unique_ptr<inplace_stop_source> quit = std::make_unique<inplace_stop_source>();
  semaphore go{0};
  signal begun;
  int before = 0;
  plain<int> went_on, asked, has_gone;
};

// Nothing but the token ends the task.
void token_asks() {
  scene all;
  auto handle = all.spawned();
  threads({[&] { all.quit->request_stop(); }});
  while (!handle.is_done()) give_way();
  require(all.asked == 1, "the task is stopped, its caller is told");
  all.home->stop();
}

void token_against_completion() {
  scene all;
  auto handle = all.spawned();
  all.begun.wait(false);
  threads({[&] { all.quit->request_stop(); }, [&] { all.go.add_permits(1); }});
  while (!handle.is_done()) give_way();
  require(all.asked + all.went_on == 1 && all.went_on == all.has_gone, "it went on, or was asked to stop");
  all.home->stop();
}

// The source may go as soon as the task has ended.
void source_goes_with_the_task() {
  scene all;
  auto handle = all.spawned();
  all.begun.wait(false);
  threads({[&] { all.go.add_permits(1); },
           [&] {
             // Asked by one who holds the source no longer than it takes.
             all.quit->request_stop();
           }});
  all.home->stop();
  all.quit.reset();
}

// The caller is stopped before the token asks: it does not go on.
void outside_stop_wins() {
  scene all;
  auto handle = all.spawned();
  threads({[&] {
    handle.request_stop();
    all.quit->request_stop();
  }});
  all.home->stop();
  require(all.asked == 0 && all.went_on == 0, "who is stopped does not go on");
}

// Nobody else ends it.
void outside_stop_alone() {
  scene all;
  auto handle = all.spawned();
  threads({[&] { handle.request_stop(); }});
  while (!handle.is_done()) give_way();
  require(all.asked == 0 && all.went_on == 0, "who is stopped does not go on");
  all.home->stop();
}

void token_against_stop() {
  scene all;
  auto handle = all.spawned();
  threads({[&] { handle.request_stop(); }, [&] { all.quit->request_stop(); }});
  all.home->stop();
  require(all.asked <= 1 && all.went_on == 0, "it is told, or stopped");
}

constexpr bounds usual{.most_exhaustive = 8'000, .random = 1'500};

const registered asks("token_asks", "a token is not overheard, whenever it asks", usual, token_asks);
const registered end("token_against_completion", "finished or asked", usual, token_against_completion);
const registered gone("source_goes_with_the_task", "nobody is in the source when the task has ended", usual,
                      source_goes_with_the_task);
const registered wins("outside_stop_wins", "an outside stop wins", usual, outside_stop_wins);
const registered alone("outside_stop_alone", "an outside stop reaches the task", usual, outside_stop_alone);
const registered both("token_against_stop", "both at once", usual, token_against_stop);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
