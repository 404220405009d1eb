// hall: who is here, under which name, in which room.
//
// What is said in a room is put into the outboxes of all who are in it, under one lock: so all of them get
// the same lines in the same order. The lock is never held across a co_await, and nothing under it waits.
//
// Thread safety: all functions from any thread; one task speaks for a member. Every function answers into the
// member's own outbox.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "chat_outbox.h"

namespace chat {

struct member {
  explicit member(std::size_t outbox_size) : out(outbox_size) {}

  outbox out;
  // Guarded by the hall's lock.
  std::string name;
  std::string room;
};

class hall {
 public:
  // Gives the member a name of its own and a place in the lobby. Every enter() has its leave().
  void enter(member& newcomer);
  void leave(member& who);

  void say(member& who, std::string_view text);
  void rename(member& who, std::string_view name);
  void join(member& who, std::string_view room);
  void tell_who_is_here(member& asking);

  // The last line for everybody, and for whoever still comes.
  void close(std::string_view reason);

 private:
  using people = std::map<std::string, member*, std::less<>>;  // by name

  void tell_room(const std::string& room, std::string text);
  void settle(member& who, std::string_view room);
  void go_out(member& who);

  std::mutex lock_;
  // All guarded by lock_.
  people names_;
  std::map<std::string, people, std::less<>> rooms_;  // a room is there as long as somebody is in it
  std::size_t guests_ = 0;
  line closed_;  // why, once it is
};

// A member is in the hall as long as this lives, a stop included.
class presence {
 public:
  presence(hall& at, member& who) : at_(at), who_(who) { at_.enter(who_); }
  presence(const presence&) = delete;
  presence& operator=(const presence&) = delete;
  ~presence() { at_.leave(who_); }

 private:
  hall& at_;
  member& who_;
};

}  // namespace chat
