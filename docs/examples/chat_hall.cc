// SPDX-License-Identifier: Apache-2.0
#include "chat_hall.h"

#include <algorithm>
#include <utility>

namespace chat {
namespace {

constexpr std::string_view lobby = "lobby";

// For people and rooms.
bool is_name(std::string_view text) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= 20 && std::ranges::all_of(text, is_plain);
}

const line& bad_name() {
  static const line answer = make_line("* a name has 1 to 20 letters, digits, - or _");
  return answer;
}

}  // namespace

void hall::enter(member& newcomer) {
  const std::lock_guard guard(lock_);
  do {
    newcomer.name = "guest" + std::to_string(++guests_);
  } while (names_.contains(newcomer.name));
  names_.emplace(newcomer.name, &newcomer);
  newcomer.out.put(make_line("* welcome, " + newcomer.name + ": /nick NAME, /join ROOM, /who, /quit"));
  settle(newcomer, lobby);
  if (closed_) newcomer.out.close(closed_);
}

void hall::leave(member& who) {
  const std::lock_guard guard(lock_);
  go_out(who);
  names_.erase(who.name);
}

void hall::say(member& who, std::string_view text) {
  std::string clean(text);
  // No escape sequences for the others' terminals.
  std::ranges::replace_if(clean, [](char c) { return (c >= '\0' && c < ' ') || c == '\x7f'; }, '?');
  const std::lock_guard guard(lock_);
  tell_room(who.room, who.name + ": " + clean);
}

void hall::rename(member& who, std::string_view name) {
  if (!is_name(name)) return who.out.put(bad_name());
  const std::lock_guard guard(lock_);
  if (names_.contains(name)) return who.out.put(make_line("* that name is taken"));
  people& room = rooms_.find(who.room)->second;
  const std::string before = std::exchange(who.name, std::string(name));
  names_.erase(before);
  names_.emplace(who.name, &who);
  room.erase(before);
  room.emplace(who.name, &who);
  tell_room(who.room, "* " + before + " is now " + who.name);
}

void hall::join(member& who, std::string_view room) {
  if (!is_name(room)) return who.out.put(bad_name());
  const std::lock_guard guard(lock_);
  if (room == who.room) return who.out.put(make_line("* you are in " + who.room));
  go_out(who);
  settle(who, room);
}

void hall::tell_who_is_here(member& asking) {
  const std::lock_guard guard(lock_);
  std::string text = "* in " + asking.room + ':';
  for (const auto& [name, who] : rooms_.find(asking.room)->second) text += ' ' + name;
  asking.out.put(make_line(std::move(text)));
}

void hall::close(std::string_view reason) {
  const std::lock_guard guard(lock_);
  closed_ = make_line("* " + std::string(reason));
  for (const auto& [name, who] : names_) who->out.close(closed_);
}

void hall::tell_room(const std::string& room, std::string text) {
  const line told = make_line(std::move(text));
  for (const auto& [name, who] : rooms_.find(room)->second) who->out.put(told);
}

void hall::settle(member& who, std::string_view room) {
  who.room = room;
  rooms_[who.room].emplace(who.name, &who);
  tell_room(who.room, "* " + who.name + " joined " + who.room);
}

void hall::go_out(member& who) {
  const auto room = rooms_.find(who.room);
  room->second.erase(who.name);
  if (room->second.empty()) {
    rooms_.erase(room);
  } else {
    tell_room(who.room, "* " + who.name + " left " + who.room);
  }
}

}  // namespace chat
