#include "core/recipe/row_scope.hpp"

#include <boost/json/array.hpp>
#include <boost/json/string.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace penstock::core {

namespace {

namespace json = boost::json;

/// The parts before and after the first dot.
std::pair<std::string_view, std::string_view> first_of(std::string_view path) noexcept {
  const auto dot = path.find('.');
  if (dot == std::string_view::npos)
    return {path, {}};
  return {path.substr(0, dot), path.substr(dot + 1)};
}

} // namespace

const json::value* value_at(const json::value& from, std::string_view path) noexcept {
  const json::value* at = &from;
  while (at && !path.empty()) {
    if (auto object = at->if_object(); object && object->contains(path))
      return object->if_contains(path); // A key with dots in it.
    const auto [name, rest] = first_of(path);
    if (auto object = at->if_object()) {
      at = object->if_contains(name);
    } else if (auto list = at->if_array()) {
      size_t i = 0;
      const auto read = std::from_chars(name.data(), name.data() + name.size(), i);
      const bool whole = read.ec == std::errc{} && read.ptr == name.data() + name.size();
      at = whole && i < list->size() ? &(*list)[i] : nullptr;
    } else {
      at = nullptr;
    }
    path = rest;
  }
  return at;
}

row_scope::row_scope(uint64_t number, json::object cells)
    : number_(number), cells_{std::move(cells)} {}

void row_scope::set_answer(std::string_view stage, stage_answer answer) {
  entry made{std::string{stage}, json::string{answer.text}, std::move(answer.json)};
  const auto old = std::ranges::find(answers_, stage, &entry::stage);
  if (old != answers_.end())
    *old = std::move(made);
  else
    answers_.push_back(std::move(made));
}

std::string_view row_scope::answer_text(std::string_view stage) const noexcept {
  const auto found = std::ranges::find(answers_, stage, &entry::stage);
  return found == answers_.end() ? std::string_view{} : std::string_view{found->text.get_string()};
}

const json::value* row_scope::find(std::string_view path) const noexcept {
  if (path == "_row")
    return &number_;
  if (auto cell = cells_.if_contains(path))
    return cell;
  const auto [name, rest] = first_of(path);
  for (auto& answer : answers_) {
    if (answer.stage != name)
      continue;
    if (rest.empty())
      return answer.json.is_null() ? &answer.text : &answer.json;
    auto object = answer.json.if_object();
    if (rest == "text" && !(object && object->contains("text")))
      return &answer.text;
    return value_at(answer.json, rest);
  }
  const auto* cell = cells_.if_contains(name);
  return cell && !rest.empty() ? value_at(*cell, rest) : nullptr;
}

} // namespace penstock::core
