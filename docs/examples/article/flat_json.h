// Just enough JSON for the slow API and its clients: flat objects of plain words and whole numbers. Nothing
// is escaped, so neither names nor words may hold a quote or a backslash.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace article {

// flat_json().add("id", 17).add("name", "user 17").text() is {"id":17,"name":"user 17"}
class flat_json {
 public:
  flat_json& add(std::string_view name, int number) { return add_raw(name, std::to_string(number)); }
  flat_json& add(std::string_view name, std::string_view word) {
    return add_raw(name, '"' + std::string(word) + '"');
  }
  std::string text() const { return '{' + fields_ + '}'; }

 private:
  flat_json& add_raw(std::string_view name, const std::string& value) {
    if (!fields_.empty()) fields_ += ',';
    fields_.append("\"").append(name).append("\":").append(value);
    return *this;
  }

  std::string fields_;
};

// What follows `"name":` in the object. Nothing: there is no such field.
inline std::optional<std::string_view> value_in(std::string_view json, std::string_view name) {
  const std::string key = '"' + std::string(name) + "\":";
  const std::size_t at = json.find(key);
  if (at == std::string_view::npos) return {};
  return json.substr(at + key.size());
}

inline std::optional<int> number_in(std::string_view json, std::string_view name) {
  const auto value = value_in(json, name);
  int number = 0;
  if (!value || std::from_chars(value->data(), value->data() + value->size(), number).ec != std::errc{})
    return {};
  return number;
}

inline std::optional<std::string_view> word_in(std::string_view json, std::string_view name) {
  const auto value = value_in(json, name);
  if (!value || !value->starts_with('"')) return {};
  return value->substr(1, value->find('"', 1) - 1);
}

}  // namespace article
