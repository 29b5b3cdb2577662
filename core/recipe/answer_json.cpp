#include "core/recipe/answer_json.hpp"
#include "core/json/json_check.hpp"
#include "core/json/json_fields.hpp"
#include "core/base/finish.hpp"
#include "core/base/text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace penstock::core {

namespace {

namespace json = boost::json;

constexpr size_t depth_max = 200;   // As `check_json`.
constexpr size_t starts_tried = 64; // Of values inside prose.

std::optional<json::value> parse(std::string_view text) {
  text = skip_noise(trim(text));
  if (text.empty() || check_json(text))
    return std::nullopt;
  json::parse_options options;
  options.max_depth = depth_max;
  json::error_code ec;
  auto value = json::parse(text, ec, {}, options);
  return ec ? std::nullopt : std::optional{std::move(value)};
}

/// The end of the list or object that begins at `from`, brackets inside of texts aside; npos if it
/// has none.
size_t value_end(std::string_view text, size_t from) noexcept {
  size_t depth = 0;
  bool in_text = false;
  for (size_t i = from; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_text = false;
      continue;
    }
    if (c == '"')
      in_text = true;
    else if (c == '{' || c == '[')
      ++depth;
    else if ((c == '}' || c == ']') && --depth == 0)
      return i + 1;
  }
  return std::string_view::npos;
}

/// What stands in the code fences of an answer, in order.
std::vector<std::string_view> fenced(std::string_view text) {
  constexpr std::string_view fence = "```";
  std::vector<std::string_view> pieces;
  for (size_t at = text.find(fence); at != std::string_view::npos;) {
    const auto begin = text.find('\n', at + fence.size());
    if (begin == std::string_view::npos)
      break;
    // A fence inside of a JSON text does not begin a line.
    auto end = text.find("\n```", begin);
    pieces.push_back(trim(text.substr(begin, end == std::string_view::npos ? end : end - begin)));
    if (end == std::string_view::npos)
      break;
    at = text.find(fence, end + 1 + fence.size());
  }
  return pieces;
}

/// The piece of an answer that most looks as if it were to be the JSON.
std::string_view likely_piece(std::string_view text) {
  const auto fences = fenced(text);
  const auto piece = fences.empty() ? text : fences.front();
  const auto begin = piece.find_first_of("{[");
  return begin == std::string_view::npos ? std::string_view{} : piece.substr(begin);
}

/// How models mark thoughts inside of their content.
struct thought_tag {
  std::string_view opens, closes;
};
constexpr std::array<thought_tag, 5> thought_tags{{{"<think>", "</think>"},
                                                   {"<thinking>", "</thinking>"},
                                                   {"<thought>", "</thought>"},
                                                   {"<reasoning>", "</reasoning>"},
                                                   {"[THINK]", "[/THINK]"}}};

/// Where the text goes on after a closing tag whose opening tag the prompt's template held, or
/// npos. A tag that a sentence talks about is none: the tag must stand at an edge of a line.
size_t after_lone_close(std::string_view text) noexcept {
  for (const auto& tag : thought_tags) {
    const auto at = text.find(tag.closes);
    if (at == std::string_view::npos ||
        text.substr(0, at).find(tag.opens) != std::string_view::npos)
      continue;
    const auto end = at + tag.closes.size();
    const bool begins_line = at == 0 || text[at - 1] == '\n';
    const bool ends_line = end == text.size() || text[end] == '\n' || text[end] == '\r';
    if (begins_line || ends_line)
      return end;
  }
  return std::string_view::npos;
}

/// JSON values of an answer in order: the whole text, else all in fences and in the prose.
/// @param empty_too Whether an empty list or object in the prose ("array[]") counts.
std::vector<json::value> json_candidates(std::string_view text, bool empty_too) {
  std::vector<json::value> found;
  if (auto whole = parse(text)) {
    found.push_back(*std::move(whole));
    return found;
  }
  for (auto piece : fenced(text))
    if (auto value = parse(piece))
      found.push_back(*std::move(value));
  size_t at = text.find_first_of("{[");
  for (size_t tried = 0; at != std::string_view::npos && tried < starts_tried; ++tried) {
    const auto end = value_end(text, at);
    auto value = end == std::string_view::npos ? std::nullopt : parse(text.substr(at, end - at));
    at = text.find_first_of("{[", value ? end : at + 1);
    const bool empty = value && ((value->is_array() && value->get_array().empty()) ||
                                 (value->is_object() && value->get_object().empty()));
    if (value && (empty_too || !empty))
      found.push_back(*std::move(value));
  }
  return found;
}

error no_json(std::string_view text) {
  const auto piece = likely_piece(text);
  if (piece.empty())
    return {errc::schema_mismatch, trim(text).empty() ? "the answer is empty; JSON was asked for"
                                                      : "the answer holds no JSON"};
  const auto whole = piece.substr(0, value_end(piece, 0));
  const auto fault = check_json(whole);
  if (!fault)
    return {errc::schema_mismatch, "the answer holds no JSON"};
  const auto around = whole.substr(fault->at > 20 ? fault->at - 20 : 0, 40);
  return {errc::schema_mismatch, "the JSON is broken at byte " + std::to_string(fault->at) + ": " +
                                   std::string{fault->reason} + ", near \"" +
                                   clean_text(around, 60) + '"'};
}

/// Content as text: a string, or the text parts of a list.
std::optional<std::string> content_text(const json::value& content) {
  if (auto text = content.if_string())
    return std::string{*text};
  auto parts = content.if_array();
  if (!parts)
    return std::nullopt;
  std::string joined;
  bool any = false;
  for (auto& entry : *parts)
    if (auto part = entry.if_object())
      if (auto text = part->if_contains("text"); text && text->is_string()) {
        joined += text->get_string();
        any = true;
      }
  return any ? std::optional{joined} : std::nullopt;
}

error refused(std::string_view words) {
  return {errc::bad_request, "the model refused: " + clean_text(words, 300)};
}

result<answer_text> of_choice(const json::object& choice) {
  answer_text out;
  out.finish_reason = text_at(choice, "finish_reason");
  auto message = object_at(choice, "message");
  auto content = message ? message->if_contains("content") : choice.if_contains("text");
  auto text = content ? content_text(*content) : std::nullopt;
  if (message && !text_at(*message, "refusal").empty())
    return refused(text_at(*message, "refusal"));
  if (finish_of(dialect::openai, out.finish_reason) == finish::filtered)
    return error{errc::bad_request,
                 "the provider filtered the answer: " + clean_text(text.value_or(""), 300)};
  if (!text && finish_of(dialect::openai, out.finish_reason) != finish::cut)
    return error{errc::bad_response, "the answer has no text"};
  out.text = text.value_or("");
  return out;
}

result<answer_text> of_output(const json::object& response) {
  answer_text out;
  bool any = false;
  for (auto& entry : *filled_array_at(response, "output")) {
    auto item = entry.if_object();
    auto parts =
      item && text_at(*item, "type") == "message" ? filled_array_at(*item, "content") : nullptr;
    if (!parts)
      continue;
    for (auto& part : *parts)
      if (auto o = part.if_object(); o && !text_at(*o, "refusal").empty())
        return refused(text_at(*o, "refusal"));
    if (auto text = content_text(item->at("content"))) {
      out.text += *text;
      any = true;
    }
  }
  if (auto details = object_at(response, "incomplete_details"))
    out.finish_reason =
      text_at(*details, "reason") == "max_output_tokens" ? "length" : text_at(*details, "reason");
  else
    out.finish_reason = "stop";
  if (!any && out.finish_reason != "length")
    return error{errc::bad_response, "the answer has no text"};
  return out;
}

} // namespace

result<answer_text> read_answer(std::string_view body) {
  const auto value = parse(body);
  auto answer = value ? value->if_object() : nullptr;
  if (!answer)
    return error{errc::bad_response, "the answer is no JSON object"};
  if (auto choices = filled_array_at(*answer, "choices"))
    if (auto choice = choices->front().if_object())
      return of_choice(*choice);
  if (filled_array_at(*answer, "output"))
    return of_output(*answer);
  return error{errc::bad_response, "the answer has no choices"};
}

std::string_view without_thoughts(std::string_view text) noexcept {
  auto rest = text;
  for (bool again = true; again;) {
    again = false;
    const auto begin = std::min(rest.find_first_not_of(" \t\r\n"), rest.size());
    for (const auto& tag : thought_tags) {
      if (!rest.substr(begin).starts_with(tag.opens))
        continue;
      const auto end = rest.find(tag.closes, begin + tag.opens.size());
      if (end == std::string_view::npos)
        return {};
      rest.remove_prefix(end + tag.closes.size());
      again = true;
      break;
    }
  }
  if (rest.size() == text.size()) {
    const auto end = after_lone_close(text);
    if (end == std::string_view::npos)
      return text;
    rest.remove_prefix(end);
  }
  return trim(rest);
}

bool has_only_thoughts(std::string_view body) {
  const auto answer = read_answer(body);
  return answer && trim(without_thoughts(answer->text)).empty();
}

result<json::value> find_json(std::string_view text) {
  auto found = json_candidates(text, false);
  if (found.empty())
    return no_json(text);
  return std::move(found.front());
}

result<stage_answer> accept_answer(std::string_view body, const schema_check* schema,
                                   truncated_mode truncated) {
  auto words = read_answer(body);
  if (!words)
    return words.error();
  const bool cut = finish_of(dialect::openai, words->finish_reason) == finish::cut;
  stage_answer out;
  out.text = std::string{without_thoughts(words->text)};
  if (trim(out.text).empty()) {
    if (cut)
      return error{errc::bad_response,
                   "the answer has no text: thoughts used all of its tokens; raise max_tokens"};
    return error{errc::schema_mismatch, trim(words->text).empty()
                                          ? "the answer is empty"
                                          : "the answer holds thoughts only, no text after them"};
  }
  if (!schema && cut && truncated == truncated_mode::fail)
    return error{errc::bad_response,
                 "the answer was cut at its maximum of output tokens: raise max_tokens, or set "
                 "truncated = \"mark\" in the stage to keep it"};
  if (!schema)
    return out;
  const auto wrong = [&](std::string what) {
    if (cut)
      what +=
        "\nThe answer was cut at its maximum of tokens: it must be shorter, or max_tokens higher.";
    return error{errc::schema_mismatch, std::move(what)};
  };
  std::optional<json::value> fits;
  for (auto& value : json_candidates(out.text, true)) {
    if (schema->check(value))
      continue;
    if (fits && *fits != value)
      return wrong("the answer holds several different JSON values that fit: give only one");
    fits = std::move(value);
  }
  if (!fits) {
    auto value = find_json(out.text);
    if (!value)
      return wrong(value.error().context);
    return wrong(schema->check(*value).value_or("no value of the answer fits the schema"));
  }
  out.json = *std::move(fits);
  return out;
}

} // namespace penstock::core
