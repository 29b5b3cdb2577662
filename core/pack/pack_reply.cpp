#include "core/json/json_check.hpp"
#include "core/json/json_fields.hpp"
#include "core/json/json_scan.hpp"
#include "core/pack/pack.hpp"
#include "core/json/parsed_json.hpp"
#include "core/base/text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <map>

namespace penstock::core {

namespace {

namespace json = boost::json;

/// The end of the JSON array or object that begins at `at`, or npos if the text ends before it.
size_t nested_end(std::string_view text, size_t at) noexcept {
  size_t depth = 0;
  for (bool quoted = false; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      at += c == '\\';
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

/// One object of a reply's list, as written.
struct said_entry {
  std::string id, check;
  std::string_view answer; ///< JSON.
  bool whole = false;      ///< Each of the three members stands in it exactly once.
};

said_entry read_entry(std::string_view object) {
  said_entry e;
  size_t ids = 0, checks = 0, answers = 0;
  for (member_scanner scan{object}; scan.next();) {
    // Of two equal names a parser would keep one, and we cannot know which one is meant.
    if (scan.key_is("id")) {
      e.id = decode_json_string(scan.value()).value_or("");
      ++ids;
    } else if (scan.key_is("check")) {
      e.check = decode_json_string(scan.value()).value_or("");
      ++checks;
    } else if (scan.key_is("answer")) {
      e.answer = scan.value();
      ++answers;
    }
  }
  e.whole = ids == 1 && checks == 1 && answers == 1;
  return e;
}

/// The objects of a reply, the text behind them, and the fault where the list was cut.
struct said_list {
  std::vector<said_entry> entries;
  std::string_view tail;
  std::string fault; ///< Empty if the list is complete.
};

/// Reads objects of a list from `at` (after its opening bracket) up to its end or to the cut.
void read_list(std::string_view text, size_t at, said_list& list) {
  while (at < text.size()) {
    const auto next = text.find_first_not_of(" \t\r\n,", at);
    if (next == std::string_view::npos || text[next] == ']')
      return;
    const auto end = text[next] == '{' ? nested_end(text, next) : std::string_view::npos;
    if (end == std::string_view::npos || check_json(text.substr(next, end - next))) {
      list.tail = text.substr(next);
      return;
    }
    list.entries.push_back(read_entry(text.substr(next, end - next)));
    at = end;
  }
}

/// Reads a reply that was cut at its output maximum. The objects before the cut are complete.
said_list read_cut(std::string_view text) {
  said_list list;
  list.fault = "the reply was cut at its output maximum";
  const auto open = text.find('{');
  constexpr std::string_view name = "\"answers\"";
  auto at = open == std::string_view::npos ? open : text.find_first_not_of(" \t\r\n", open + 1);
  if (at == std::string_view::npos || !text.substr(at).starts_with(name))
    return list;
  at = text.find_first_not_of(" \t\r\n", at + name.size());
  if (at == std::string_view::npos || text[at] != ':')
    return list;
  at = text.find_first_not_of(" \t\r\n", at + 1);
  if (at != std::string_view::npos && text[at] == '[')
    read_list(text, at + 1, list);
  return list;
}

/// The value of the only `answers` in a complete JSON object, if it is a list of objects.
std::optional<std::string_view> find_answers(std::string_view object) {
  std::optional<std::string_view> found;
  for (member_scanner scan{object}; scan.next();)
    if (scan.key_is("answers")) {
      if (found || !scan.value().starts_with('['))
        return std::nullopt;
      found = scan.value();
    }
  return found;
}

said_list read_whole(std::string_view text, pack_style style) {
  said_list list;
  list.fault = "the reply is not the JSON that was asked for";
  text = trim(text);
  std::optional<std::string_view> answers;
  if (style == pack_style::schema) {
    if (!check_json(text))
      answers = find_answers(text);
  } else {
    // Code fences and words around it are fine. Of two such objects we cannot know which one
    // counts.
    constexpr int tries_max = 64;
    size_t at = text.find('{');
    for (int tries = 0; at != std::string_view::npos && tries < tries_max; ++tries) {
      const auto end = nested_end(text, at);
      const auto object =
        end == std::string_view::npos ? std::string_view{} : text.substr(at, end - at);
      const auto valid = !object.empty() && !check_json(object);
      if (const auto found = valid ? find_answers(object) : std::nullopt) {
        if (answers)
          return list;
        answers = found;
      }
      at = text.find('{', valid ? end : at + 1);
    }
  }
  if (!answers)
    return list;
  list.fault.clear();
  read_list(*answers, 1, list);
  if (!list.tail.empty())
    list.fault = "the reply lists something that is no object";
  return list;
}

/// The content for the caller of one request, or nothing if the answer has the wrong form.
std::optional<std::string> content_of(const pack& sent, std::string_view answer) {
  if (sent.form == answer_form::text) {
    auto text = decode_json_string(answer);
    return text && !trim(*text).empty() ? std::move(text) : std::nullopt;
  }
  json::error_code ec;
  json::parse_options options;
  options.max_depth = json_depth_max;
  const auto value = json::parse({answer.data(), answer.size()}, ec, {}, options);
  if (ec)
    return std::nullopt;
  const auto* o = value.if_object();
  if (sent.form == answer_form::json_object)
    return o ? std::optional{std::string{answer}} : std::nullopt;
  const auto& type = sent.schema_type;
  const auto fits = type == "object"                        ? o != nullptr
                    : type == "array"                       ? value.is_array()
                    : type == "string"                      ? value.is_string()
                    : type == "boolean"                     ? value.is_bool()
                    : type == "number" || type == "integer" ? value.is_number()
                                                            : true;
  if (!fits || (o && !std::ranges::all_of(sent.required, [&](auto& n) { return o->contains(n); })))
    return std::nullopt;
  return std::string{answer};
}

void append_count(std::string& out, std::string_view name, uint64_t n) {
  out += name;
  out += std::to_string(n);
}

/// A chat completion with the text `content` and the other members of `reply`.
std::string completion(const json::object& reply, std::string_view content, const usage& used) {
  std::string out = "{";
  for (std::string_view name :
       {"id", "object", "created", "model", "service_tier", "system_fingerprint"})
    if (const auto* v = reply.if_contains(name); v && !v->is_structured()) {
      append_json_string(out, name);
      out += ':' + json::serialize(*v) + ',';
    }
  out += R"("choices":[{"index":0,"message":{"role":"assistant","content":)";
  append_json_string(out, content);
  out += R"(},"finish_reason":"stop"}])";
  if (used.known) {
    append_count(out, R"(,"usage":{"prompt_tokens":)", used.input_tokens);
    append_count(out, R"(,"completion_tokens":)", used.output_tokens);
    append_count(out, R"(,"total_tokens":)", used.input_tokens + used.output_tokens);
    append_count(out, R"(,"prompt_tokens_details":{"cached_tokens":)", used.cached_input_tokens);
    append_count(out, R"(},"completion_tokens_details":{"reasoning_tokens":)",
                 used.reasoning_tokens);
    out += "}}";
  }
  return out + '}';
}

/// Splits `used` among the entries with a content: input by the size of the texts, output by the
/// size of the answers. A part (such as cached input) is split like its total, so that no part
/// exceeds the total.
std::vector<usage> split_usage(const usage& used, const pack& sent,
                               const std::vector<std::optional<std::string>>& contents) {
  std::vector<uint64_t> texts(contents.size()), answers(contents.size());
  for (size_t i = 0; i < contents.size(); ++i)
    if (contents[i]) {
      texts[i] = sent.entries[i].text_bytes + 1;
      answers[i] = contents[i]->size() + 1;
    }
  const auto input = share_out(used.input_tokens, texts);
  const auto output = share_out(used.output_tokens, answers);
  const auto cached = share_out(used.cached_input_tokens, input);
  const auto reasoning = share_out(used.reasoning_tokens, output);
  std::vector<usage> shares(contents.size());
  for (size_t i = 0; i < contents.size(); ++i)
    shares[i] = {input[i], cached[i], output[i], reasoning[i], used.known};
  return shares;
}

/// The text of the first choice, or the reason why there is none.
result<std::string_view> text_of(const json::object& reply, std::string_view& finish) {
  const auto* choices = filled_array_at(reply, "choices");
  const auto* choice = choices && choices->size() == 1 ? choices->front().if_object() : nullptr;
  const auto* message = choice ? object_at(*choice, "message") : nullptr;
  if (!message)
    return error{errc::pack_mismatch, "the reply has not one choice with a message"};
  finish = text_at(*choice, "finish_reason");
  if (finish == "content_filter" || !text_at(*message, "refusal").empty())
    return error{errc::bad_request, "the model refused the pack as a whole"};
  const auto* content = message->if_contains("content");
  if (!content || !content->is_string())
    return error{errc::pack_mismatch, "the reply has no text"};
  return std::string_view{content->get_string()};
}

/// "2 of 10 answers are missing or wrong: entry 3, entry 7".
std::string describe(const std::vector<std::optional<std::string>>& contents, size_t right) {
  auto text = std::to_string(contents.size() - right) + " of " + std::to_string(contents.size()) +
              " answers are missing or wrong:";
  size_t named = 0;
  for (size_t i = 0; i < contents.size() && named < 5; ++i)
    if (!contents[i]) {
      text += (named++ ? ", entry " : " entry ") + std::to_string(i + 1);
    }
  return text;
}

} // namespace

pack_reply take_apart(const pack& sent, std::string_view body, const usage& used) {
  pack_reply out;
  out.answers.resize(sent.entries.size());
  json::error_code ec;
  json::parse_options options;
  options.max_depth = json_depth_max;
  const auto value = json::parse({body.data(), body.size()}, ec, {}, options);
  if (ec || !value.is_object()) {
    out.fault = "the reply is no JSON object";
    return out;
  }
  std::string_view finish;
  const auto text = text_of(value.get_object(), finish);
  if (!text) {
    out.code = text.error().code;
    out.fault = text.error().context;
    return out;
  }
  const auto cut = finish == "length";
  const auto list = cut ? read_cut(*text) : read_whole(*text, sent.style);

  // An id or check that stands twice in the reply proves nothing, not even in different entries.
  std::map<std::string_view, size_t> ids, checks;
  for (auto& said : list.entries) {
    ++ids[said.id];
    ++checks[said.check];
  }
  std::vector<std::optional<std::string>> contents(sent.entries.size());
  for (size_t i = 0; i < sent.entries.size(); ++i) {
    const auto& entry = sent.entries[i];
    const auto said = std::ranges::find(list.entries, entry.id, &said_entry::id);
    if (said == list.entries.end() || !said->whole || said->check != entry.check ||
        ids[entry.id] != 1 || checks[entry.check] != 1 ||
        list.tail.find(entry.id) != std::string_view::npos ||
        list.tail.find(entry.check) != std::string_view::npos)
      continue;
    contents[i] = content_of(sent, said->answer);
    out.right += contents[i].has_value();
  }
  const auto shares = split_usage(used, sent, contents);
  for (size_t i = 0; i < contents.size(); ++i)
    if (contents[i])
      out.answers[i] =
        pack_answer{completion(value.get_object(), *contents[i], shares[i]), shares[i]};
  if (out.right < contents.size())
    out.fault = list.fault.empty() || out.right > 0 ? describe(contents, out.right) : list.fault;
  return out;
}

} // namespace penstock::core
