#include "core/protocol/stream_reader.hpp"

#include "core/json/json_fields.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace penstock::core {

namespace {

namespace json = boost::json;

/// The end of the first event in `text` from `from` on: two line breaks in a row, each CR, LF or
/// both. npos: the event is not complete.
size_t end_of_event(std::string_view text, size_t from) {
  size_t breaks = 0;
  for (size_t i = from; i < text.size(); ++i) {
    if (text[i] != '\n' && text[i] != '\r') {
      breaks = 0;
      continue;
    }
    if (text[i] == '\r' && i + 1 == text.size())
      return std::string_view::npos; // A line feed may follow.
    if (text[i] == '\r' && text[i + 1] == '\n')
      ++i;
    if (++breaks == 2)
      return i + 1;
  }
  return std::string_view::npos;
}

/// Takes the larger numbers: Anthropic tells input first and output as it grows.
void add_usage(const json::object& o, usage& used) {
  const auto raise = [&](std::string_view name, uint64_t& to) {
    if (const auto n = count_at(o, name)) {
      to = std::max(to, *n);
      used.known = true;
    }
  };
  raise("prompt_tokens", used.input_tokens);
  raise("input_tokens", used.input_tokens);
  raise("completion_tokens", used.output_tokens);
  raise("output_tokens", used.output_tokens);
  raise("cache_read_input_tokens", used.cached_input_tokens);
  for (auto name : {"prompt_tokens_details", "input_tokens_details"})
    if (const auto* details = object_at(o, name))
      if (const auto n = count_at(*details, "cached_tokens"))
        used.cached_input_tokens = std::max(used.cached_input_tokens, *n);
  for (auto name : {"completion_tokens_details", "output_tokens_details"})
    if (const auto* details = object_at(o, name))
      if (const auto n = count_at(*details, "reasoning_tokens"))
        used.reasoning_tokens = std::max(used.reasoning_tokens, *n);
}

} // namespace

std::string event_data(std::string_view event) {
  std::string out;
  bool any = false;
  while (!event.empty()) {
    const auto line = event.substr(0, event.find_first_of("\r\n"));
    event.remove_prefix(std::min(event.size(), line.size() + 1));
    if (!line.starts_with("data"))
      continue;
    auto value = line.substr(4);
    if (!value.empty() && value.front() != ':')
      continue;
    value.remove_prefix(std::min<size_t>(value.size(), 1));
    if (value.starts_with(' '))
      value.remove_prefix(1);
    (out += any ? "\n" : "") += value;
    any = true;
  }
  return out;
}

std::vector<stream_reader::event> stream_reader::take(std::string_view bytes) {
  rest_ += bytes;
  std::vector<event> out;
  size_t begin = 0;
  // The last four bytes of what was looked at may be the first half of an end.
  size_t from = looked_at_ - std::min<size_t>(looked_at_, 4);
  for (;;) {
    const auto end = end_of_event(rest_, from);
    if (end == std::string::npos)
      break;
    out.push_back(read(rest_.substr(begin, end - begin)));
    begin = from = end;
  }
  rest_.erase(0, begin);
  looked_at_ = rest_.size();
  return out;
}

stream_reader::event stream_reader::read(std::string text) {
  event out{std::move(text)};
  const auto data = event_data(out.text);
  out.has_data = !data.empty();
  if (data == "[DONE]") {
    ended_ = true;
    return out;
  }
  boost::system::error_code ec;
  const auto value = json::parse(data, ec);
  const auto* o = ec ? nullptr : value.if_object();
  if (!o)
    return out;
  const auto type = text_at(*o, "type");
  out.is_error = has_value(*o, "error") || type == "error" || type == "response.failed";
  if (out.is_error && error_.empty())
    error_ = data;
  ended_ = ended_ || type == "message_stop" || type == "response.completed" ||
           type == "response.incomplete" || out.is_error;
  const auto* nested = object_at(*o, type == "message_start" ? "message" : "response");
  for (const auto* place : {static_cast<const json::object*>(o), nested})
    if (const auto* told = place ? object_at(*place, "usage") : nullptr)
      add_usage(*told, used_);
  const auto* choices = array_at(*o, "choices");
  out.only_usage = choices && choices->empty() && has_value(*o, "usage");
  return out;
}

} // namespace penstock::core
