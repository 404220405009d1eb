#include "weft/rt/scheduler/worker.h"

#include <utility>

#include "weft/rt/base/backoff.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/base/check.h"
#include "weft/rt/os/thread.h"
#include "weft/rt/scheduler/current.h"
#include "weft/rt/scheduler/sentinel.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

// Even a worker whose coroutines never end their turn serves its sockets and timers, and lets ready tasks run: after
// about 8000 transfers, some 50 µs.
constexpr std::uint32_t harvest_every = 61;
constexpr std::uint32_t most_cuts_in_a_row = 64;

// A chain that was cut is about to be seen by others: by a report from above, by a thief.
void link_to_those_above(job& cut) noexcept {
  static_cast<scope&>(cut).link_up();  // SAFETY: only chains are left in resume_first
}

}  // namespace

bool workplace::wake_one() noexcept {
  const auto sleeper = sleepers.take_one_to_wake();
  if (sleeper) wake(*sleeper);
  return sleeper.has_value();
}

void workplace::wake(std::size_t sleeper) noexcept {
  worker* const caller = this_turn().self;
  if (caller != nullptr && caller->works_in(*this)) {
    caller->counts().wakes.add();
  } else {
    outsiders.wakes.add();
  }
  WEFT_CHAOS(late_wake);
  stations[sleeper]->events.wake();
}

worker::worker(std::size_t index, workplace& shared, scheduler& home, engine* owner) noexcept
    : index_(index),
      place_(shared),
      home_(home),
      mine_(*shared.stations[index]),
      finder_(index, shared.stations, shared.shared) {
  turn_.frames.enable(shared.frames);
  turn_.self = this;
  turn_.home = owner;
  turn_.forks = &mine_.forks;
  turn_.others = &shared.sleepers.word();
  mine_.at = &turn_;
}

void worker::run() noexcept {
  const turn_guard entered(turn_);
  thread_id_.store(os::this_thread_id(), std::memory_order_relaxed);  // a number for people
  os::drop_timer_slack();
  if (place_.spares.is_spare(index_)) {
    run_as_spare();
  } else {
    while (step()) {
    }
  }
  place_.pauses.depart(index_);
}

bool worker::step() noexcept {
  if (place_.pauses.is_asked()) [[unlikely]]
    attend_pause();
  const job* const cut = turn_.resume_first;
  job* next = next_job();
  if (next == nullptr) turn_.be_without_job();
  if (next == nullptr && WEFT_CHAOS(cut_short)) return sleep_until_work();
  if (next == nullptr) next = search();
  if (next == nullptr) return sleep_until_work();
  // The last searcher to find a job wakes a successor, if there is more; and of several jobs that a reactor gave us
  // at once, this one may be long.
  bool may_be_more = finder_.take_unannounced();
  if (is_searching_) {
    is_searching_ = false;
    may_be_more |= place_.sleepers.stop_searching();
  }
  const bool has_woken = may_be_more && finder_.is_any_left() && place_.wake_one();
  // Whom we have woken finds nobody on duty either: it becomes sentinel, or goes on to a job and owes one like us.
  if (has_woken) owes_sentinel_ = false;
  hand_on_duty(relief::later);
  // A chain that was only cut by the transfer budget is still in its turn.
  if (cut == nullptr || next != cut) {
    turn_.operations_left = turn::operation_budget;
    turn_.stops_seen = turn_.missed_stops_seen = 0;
  }
  run_job(*next);
  return true;
}

// What a woken worker runs is most often over before anybody could look in on it. So another is to become sentinel a
// little later, and not if we sleep again by then. But where this happens again and again, it may as well come, and stay:
// setting alarms costs more than its rounds.
void worker::hand_on_duty(relief when) noexcept {
  if (!std::exchange(owes_sentinel_, false)) return;
  if (const auto sleeper = place_.sleepers.sleeper_for_duty()) {
    if (when == relief::at_once) return place_.wake(*sleeper);
    has_alarm_on_ = sleeper;
    const std::int64_t now_ns = place_.alarms.set(*sleeper);
    is_often_unattended_ = now_ns < unattended_at_ns_ + often_ns;
    unattended_at_ns_ = now_ns;
  } else if (!place_.spares.is_empty()) {
    if (const auto spare = place_.spares.take_one_to_watch()) place_.wake(*spare);
  }
}

bool worker::take_back_alarm() noexcept {
  if (!has_alarm_on_) return false;
  const std::size_t sleeper = *std::exchange(has_alarm_on_, std::nullopt);
  if (is_often_unattended_) {
    place_.alarms.let_ring(sleeper);
  } else {
    place_.alarms.take_back(sleeper);
  }
  return true;
}

void worker::attend_pause() noexcept {
  turn_.be_without_job();
  if (turn_.resume_first != nullptr) link_to_those_above(*turn_.resume_first);
  place_.pauses.attend(index_);
}

job* worker::next_job() noexcept {
  if (turn_.resume_first == nullptr && WEFT_CHAOS(forced_steal)) turn_.resume_first = finder_.steal();
  job* const first = std::exchange(turn_.resume_first, nullptr);
  if (first == nullptr) {
    cuts_in_a_row_ = 0;
    return finder_.next();
  }
  if (WEFT_CHAOS(cut_short)) cuts_in_a_row_ = most_cuts_in_a_row;
  if (++steps_ % harvest_every == 0) finder_.harvest_own();
  if (++cuts_in_a_row_ < most_cuts_in_a_row) return first;
  // Coroutines that await each other without end are one long job: now the others are due.
  cuts_in_a_row_ = 0;
  link_to_those_above(*first);
  finder_.enqueue(*first);
  finder_.note_unannounced();
  return finder_.next_from_outside();
}

static void pause_before(int round) noexcept {
  for (int pauses = spin::pauses_before(round); pauses > 0; --pauses) spin_pause();
}

// Only outsiders can bring something, and there is nobody to tell of it. The first look was next()'s.
job* worker::search_alone() noexcept {
  const int rounds = spin_.begin(place_.may_spin());
  for (int round = 1; round < rounds; ++round) {
    pause_before(round);
    if (job* found = place_.shared.pop(0)) {
      spin_.found_in(round);
      return found;
    }
  }
  spin_.found_nothing();
  return nullptr;
}

job* worker::search() noexcept {
  if (place_.stations.size() == 1) return search_alone();
  if (!is_searching_) is_searching_ = place_.sleepers.start_searching();
  const int rounds = spin_.begin(is_searching_ && place_.may_spin());
  for (int round = 0; round < rounds; ++round) {
    pause_before(round);
    if (job* found = finder_.steal()) {
      spin_.found_in(round);
      // What came along with it may have left its queue before, and entered ours after, the last look of one who
      // parks. A searcher says so by stop_searching(); who does not count as one looks whom to wake.
      if (!is_searching_) finder_.note_unannounced();
      return found;
    }
  }
  spin_.found_nothing();
  if (finder_.harvest_neighbours()) return finder_.next();
  return nullptr;
}

// Nothing is left to be done between the job that runs and the next one.
bool worker::may_begin_next_turn() noexcept {
  if (WEFT_CHAOS(cut_short)) return false;
  return turn_.resume_first == nullptr && turn_.later.empty() && !place_.pauses.is_asked();
}

void worker::begin_next_turn() noexcept {
  mine_.counts.jobs.add();
  turn_.begin_job();
  turn_.operations_left = turn::operation_budget;
}

bool worker::begin_next_turn_alone(frame& leaf) noexcept {
  if (!may_begin_next_turn() || !finder_.pass_turn()) return false;
  begin_next_turn();
  turn_.begin_with(leaf);
  return true;
}

bool worker::begin_next_turn_with(job& awaited) noexcept {
  if (!may_begin_next_turn() || !finder_.pass_turn_to(awaited)) return false;
  begin_next_turn();
  turn_.transfers_left = turn::transfer_budget;
  turn_.epilogue = &awaited;
  return true;
}

void worker::run_job(job& next) noexcept {
  turn_.transfers_left = turn::transfer_budget;
  mine_.counts.jobs.add();
  turn_.begin_job();
  turn_.run(next);
  if (!turn_.later.empty()) submit_later();
}

void worker::submit_later() noexcept {
  // Alone, it is what we run next: nobody need come for it.
  const bool is_lone = turn_.resume_first == nullptr && turn_.later.size() == 1 && finder_.is_own_empty();
  finder_.enqueue(turn_.later);
  if (!is_lone) wake_another();
}

// What the running job made ready is run here next, so it costs no wake-up. If the job is long, the sentinel comes for it.
// Between jobs (a spare that keeps watch and calls back) and while one blocks in place, nothing is to be run here next.
void worker::submit(job& ready) noexcept {
  const bool is_at_job = turn::is_at_job(turn_.pulse.load(std::memory_order_relaxed));  // ours
  if (!is_at_job || !finder_.put_next(ready)) submit_last(ready);
}

void worker::submit_last(job_list& ready) noexcept {
  finder_.enqueue(ready);
  wake_another();
}

bool worker::sleep_until_work() noexcept {
  WEFT_DCHECK(mine_.next.empty(), "nobody comes for what stands there while all sleep");
  take_back_alarm();  // from here on we are in debt again, until we have parked
  // The seat first: once we are announced as asleep, a wake-up must reach us and no neighbour's poll. A
  // neighbour holds it for one system call at most.
  for (backoff pause; !mine_.events.try_sit();) pause.pause();
  const idle::post post = place_.sleepers.park(index_, is_searching_);
  WEFT_CHAOS(late_wake);
  is_searching_ = false;
  job_list ready;
  const bool is_closing = place_.is_closing.load(std::memory_order_acquire);  // pairs with scheduler::close()
  const bool is_any_left = finder_.is_any_left();
  const bool is_pausing = place_.pauses.is_asked();  // after sitting down: see pause.h
  WEFT_CHAOS(yield);
  if (!is_any_left && !is_closing && !is_pausing) wait_in_reactor(post, ready);
  WEFT_CHAOS(yield);
  mine_.events.stand_up();
  // Whoever published while we were the one searcher has woken nobody.
  if (is_any_left || !ready.empty()) finder_.note_unannounced();
  finder_.enqueue(ready);
  wake_up();
  if (std::exchange(has_news_, false)) [[unlikely]]
    tell_of_blocked();
  return is_any_left || !is_closing;
}

void worker::wait_in_reactor(idle::post post, job_list& ready) noexcept {
  constexpr std::int64_t no_limit = -1;
  mine_.counts.parks.add();
  sentinel duty(place_.watching.longest_round_ns(sentinel::usual_longest));
  for (;;) {
    mine_.events.wait(post == idle::post::sentinel ? duty.round_ns() : no_limit, ready);
    if (post == idle::post::sleeper || !ready.empty() || !duty.is_round_over()) return;
    has_news_ = place_.look_for_blocked();
    if (finder_.harvest_neighbours() || finder_.rescue_next() || finder_.is_any_left() || has_news_) return;
    // The wait may have ended by a wake-up and the round at the same moment: what the wake-up was for is
    // looked at here too.
    if (place_.is_closing.load(std::memory_order_acquire)) return;  // pairs with scheduler::close()
    if (place_.pauses.is_asked()) return;
    switch (place_.sleepers.after_round(index_,
                                        duty.is_longest() ? idle::round::at_length : idle::round::brief)) {
      case idle::duty::next_round:
        break;
      case idle::duty::off:
        post = idle::post::sleeper;
        break;
      case idle::duty::relieved:
        return;
    }
  }
}

void worker::wake_up() noexcept {
  const idle::leaving how = place_.sleepers.unpark(index_);
  is_searching_ = how.was_taken;
  owes_sentinel_ = how.is_unattended;
}

// What is called is the program's, and may take its time. So we are awake, others search in our place, and another is
// sentinel.
void worker::tell_of_blocked() noexcept {
  if (std::exchange(is_searching_, false) && place_.sleepers.stop_searching() && finder_.is_any_left()) {
    place_.wake_one();
  }
  hand_on_duty(relief::at_once);
  place_.watching.tell_news();
}

}  // namespace weft::inline WEFT_ABI::rt
