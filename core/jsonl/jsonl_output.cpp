#include "core/base/checksum.hpp"
#include "core/json/json_fields.hpp"
#include "core/json/json_scan.hpp"
#include "core/jsonl/jsonl.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace penstock::core {

namespace json = boost::json;

namespace {

// The end of every line: `,"check":"0123456789abcdef"}}`, over all the bytes before it.
constexpr std::string_view check_begin = R"(,"check":")";
constexpr std::string_view check_end = R"("}})";
constexpr std::string_view id_begin = R"({"id":"batch_req_)";
constexpr std::string_view index_begin = R"({"index":)";
constexpr size_t check_size = check_begin.size() + 16 + check_end.size();

void append_hex(std::string& out, uint64_t value) {
  constexpr char digits[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4)
    out += digits[(value >> shift) & 15];
}

template <class Integer>
void append_number(std::string& out, std::string_view name, Integer value) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out += name;
  out.append(text, end);
}

// JSON allows raw line breaks only between tokens, where a space is the same.
void append_body(std::string& out, const payload& body) {
  if (!body || body->empty()) {
    out += "null";
    return;
  }
  const auto begin = out.size();
  out += *body;
  // Two searches, because each is one fast memchr; find_first_of checks every byte.
  if (body->find('\n') != std::string::npos || body->find('\r') != std::string::npos)
    std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
      [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

void append_response(std::string& out, const outcome& o) {
  if (o.status_code == 0) {
    out += "null";
    return;
  }
  append_number(out, R"({"status_code":)", o.status_code);
  out += R"(,"request_id":)";
  append_json_string(out, o.request_id);
  out += R"(,"body":)";
  append_body(out, o.body);
  out += '}';
}

void append_error(std::string& out, const outcome& o) {
  if (o.state == outcome_state::completed) {
    out += "null";
    return;
  }
  out += R"({"code":)";
  append_json_string(out, to_string(o.failure ? o.failure->code : errc::internal));
  out += R"(,"message":)";
  append_json_string(out, o.failure ? o.failure->context : "the outcome names no reason");
  out += '}';
}

void append_penstock(std::string& out, const outcome& o, line_place at) {
  append_number(out, index_begin, at.index);
  if (at.request_sum != 0) {
    out += R"(,"request":")";
    append_hex(out, at.request_sum);
    out += '"';
  }
  out += R"(,"state":")";
  out += to_string(o.state);
  append_number(out, R"(","attempts":)", o.attempts);
  append_number(out, R"(,"rate_limited":)", o.rate_limited);
  out += R"(,"mode":")";
  out += to_string(o.ran_as);
  out += R"(","lane":)";
  append_json_string(out, o.lane);
  append_number(out, R"(,"queued_ms":)", to_ms(o.queued));
  append_number(out, R"(,"upstream_ms":)", to_ms(o.upstream));
  if (o.pack_size > 1)
    append_number(out, R"(,"pack":)", o.pack_size);
  if (!o.lane_reason.empty()) {
    out += R"(,"lane_reason":)";
    append_json_string(out, o.lane_reason);
  }
  if (o.cost) {
    char text[32];
    std::snprintf(text, sizeof text, R"(,"cost":%.9g)", *o.cost);
    out += text;
  }
  if (!o.notes.empty()) {
    out += R"(,"notes":)";
    char mark = '[';
    for (auto& note : o.notes) {
      out += mark;
      append_json_string(out, note);
      mark = ',';
    }
    out += ']';
  }
  out += o.cached ? R"(,"cached":true,"usage":)" : R"(,"cached":false,"usage":)";
  if (o.used.known) {
    append_number(out, R"({"input_tokens":)", o.used.input_tokens);
    append_number(out, R"(,"cached_input_tokens":)", o.used.cached_input_tokens);
    append_number(out, R"(,"output_tokens":)", o.used.output_tokens);
    append_number(out, R"(,"reasoning_tokens":)", o.used.reasoning_tokens);
    out += '}';
  } else {
    out += "null";
  }
}

error damaged(std::string_view what) {
  return {errc::corrupt, "not a whole line of ours: " + std::string{what}};
}

// Ends the line that begins at `begin`.
void append_check(std::string& out, size_t begin) {
  const auto check = checksum(std::string_view{out}.substr(begin));
  out += check_begin;
  append_hex(out, check);
  out += check_end;
  out += '\n';
}

// Cuts line break and checksum off. @returns whether the checksum fits.
bool take_check(std::string_view& line) noexcept {
  if (line.ends_with('\n'))
    line.remove_suffix(1);
  if (line.size() < check_size || !line.ends_with(check_end))
    return false;
  const auto tail = line.substr(line.size() - check_size);
  if (!tail.starts_with(check_begin))
    return false;
  uint64_t stored = 0;
  const auto* digits = tail.data() + check_begin.size();
  const auto read = std::from_chars(digits, digits + 16, stored, 16);
  const auto covered = line.substr(0, line.size() - check_size);
  if (read.ec != std::errc{} || read.ptr != digits + 16 || stored != checksum(covered))
    return false;
  return true;
}

uint64_t hex_number(std::string_view digits) noexcept {
  uint64_t value = 0;
  const auto* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, value, 16);
  return read.ec == std::errc{} && read.ptr == end ? value : 0;
}

uint64_t number(const json::object& o, std::string_view name) noexcept {
  return whole_at(o, name).value_or(0);
}

std::optional<outcome_state> state_from(std::string_view name) noexcept {
  for (auto s : {outcome_state::completed, outcome_state::failed, outcome_state::cancelled,
                 outcome_state::expired})
    if (to_string(s) == name)
      return s;
  return std::nullopt;
}

// @returns whether `o` has all members of our lines.
bool read_penstock(output_record& r, const json::object& o) {
  const auto state = state_from(text_at(o, "state"));
  const auto ran_as = mode_from(text_at(o, "mode"));
  if (!state || !ran_as || !o.contains("index"))
    return false;
  r.index = number(o, "index");
  r.request_sum = hex_number(text_at(o, "request"));
  r.state = *state;
  r.ran_as = *ran_as;
  r.attempts = static_cast<uint32_t>(number(o, "attempts"));
  r.rate_limited = static_cast<uint32_t>(number(o, "rate_limited"));
  r.queued_ms = static_cast<int64_t>(number(o, "queued_ms"));
  r.upstream_ms = static_cast<int64_t>(number(o, "upstream_ms"));
  r.pack_size = static_cast<uint32_t>(number(o, "pack"));
  if (auto* notes = o.if_contains("notes"); notes && notes->is_array())
    for (auto& note : notes->get_array())
      if (note.is_string())
        r.notes.emplace_back(note.get_string().data(), note.get_string().size());
  r.cached = is_true_at(o, "cached");
  if (auto* cost = o.if_contains("cost"); cost && cost->is_number())
    r.cost = cost->to_number<double>();
  if (const auto* u = object_at(o, "usage"))
    r.used = {number(*u, "input_tokens"), number(*u, "cached_input_tokens"),
              number(*u, "output_tokens"), number(*u, "reasoning_tokens"), true};
  return true;
}

json::value parse_small(std::string_view bytes, json::storage_ptr memory) {
  boost::system::error_code ec;
  return json::parse({bytes.data(), bytes.size()}, ec, std::move(memory));
}

} // namespace

void append_output_line(std::string& out, const outcome& o) {
  append_output_line(out, o, {o.index, 0});
}

void append_output_line(std::string& out, const outcome& o, line_place at) {
  const auto begin = out.size();
  out.reserve(begin + 512 + (o.body ? o.body->size() : 0));
  out += id_begin;
  append_hex(out, at.index);
  out += R"(","custom_id":)";
  append_json_string(out, o.custom_id);
  out += R"(,"response":)";
  append_response(out, o);
  out += R"(,"error":)";
  append_error(out, o);
  out += R"(,"penstock":)";
  append_penstock(out, o, at);
  append_check(out, begin);
}

std::string output_line(const outcome& o) {
  std::string line;
  append_output_line(line, o);
  return line;
}

output_record record_of(const outcome& o) {
  output_record r;
  r.index = o.index;
  r.custom_id = o.custom_id;
  r.state = o.state;
  r.status_code = o.status_code;
  if (o.state != outcome_state::completed)
    r.error_code = to_string(o.failure ? o.failure->code : errc::internal);
  r.attempts = o.attempts;
  r.rate_limited = o.rate_limited;
  r.ran_as = o.ran_as;
  r.queued_ms = to_ms(o.queued);
  r.upstream_ms = to_ms(o.upstream);
  r.cached = o.cached;
  r.pack_size = o.pack_size > 1 ? o.pack_size : 0;
  r.notes = o.notes;
  if (o.used.known)
    r.used = o.used;
  r.cost = o.cost.value_or(0);
  return r;
}

result<output_record> parse_output_line(std::string_view line) {
  if (!take_check(line))
    return damaged("the checksum does not fit");
  // The checksum covers the body, so only the small members are parsed.
  unsigned char storage[2048];
  json::monotonic_resource memory{storage, sizeof storage};
  output_record r;
  bool whole = false;
  for (member_scanner scan{line}; scan.next();) {
    if (scan.key_is("custom_id")) {
      r.custom_id = decode_json_string(scan.value()).value_or("");
    } else if (scan.key_is("response")) {
      auto status = find_member(scan.value(), "status_code").value_or("0");
      std::from_chars(status.data(), status.data() + status.size(), r.status_code);
    } else if (scan.key_is("error")) {
      if (auto code = find_member(scan.value(), "code"))
        r.error_code = decode_json_string(*code).value_or("");
    } else if (scan.key_is("penstock")) {
      const auto value = parse_small(scan.value(), &memory);
      whole = value.is_object() && read_penstock(r, value.get_object());
    }
  }
  if (!whole)
    return damaged("the penstock object is missing or incomplete");
  return r;
}

uint64_t request_sum(const request& r) noexcept {
  running_checksum sum;
  if (r.rejection) {
    sum.update(r.rejection->context);
  } else {
    sum.update(r.url);
    sum.update("\n");
    if (r.body)
      sum.update(*r.body);
  }
  return std::max<uint64_t>(sum.value(), 1);
}

result<std::string> moved_line(std::string_view line, uint64_t index, std::string_view custom_id) {
  if (line.ends_with('\n'))
    line.remove_suffix(1);
  if (!take_check(line) || !line.starts_with(id_begin))
    return damaged("the checksum does not fit");
  std::string_view name, own;
  for (member_scanner scan{line}; scan.next();) {
    if (scan.key_is("custom_id"))
      name = scan.value();
    else if (scan.key_is("penstock"))
      own = scan.value();
  }
  if (name.empty() || !own.starts_with(index_begin))
    return damaged("the penstock object is missing or incomplete");
  const auto* behind_name = name.data() + name.size();
  const auto* digits = own.data() + index_begin.size();
  const auto* behind_digits =
    std::find_if_not(digits, own.data() + own.size(), [](char c) { return c >= '0' && c <= '9'; });
  const auto* end = line.data() + line.size() - check_size;
  std::string moved;
  moved.reserve(line.size() + custom_id.size() + 32);
  moved += id_begin;
  append_hex(moved, index);
  moved += R"(","custom_id":)";
  append_json_string(moved, custom_id);
  moved.append(behind_name, digits);
  append_number(moved, "", index);
  moved.append(behind_digits, end);
  append_check(moved, 0);
  return moved;
}

namespace {

/// Adds the share of `n` of one request among `among`; the fraction goes to `parts`.
void add_shared(uint64_t& sum, uint64_t& parts, uint64_t n, uint32_t among) noexcept {
  constexpr uint64_t whole = 720'720; // Divisible by every number up to 16.
  parts += n * whole / std::max(among, 1u);
  sum += parts / whole;
  parts %= whole;
}

} // namespace

void output_totals::add(const output_record& r) noexcept {
  switch (r.state) {
  case outcome_state::completed: ++completed; break;
  case outcome_state::failed: ++failed; break;
  case outcome_state::cancelled: ++cancelled; break;
  case outcome_state::expired: ++expired; break;
  }
  cached += r.cached;
  add_shared(attempts, attempts_parts, r.attempts, r.pack_size);
  add_shared(rate_limited, rate_limited_parts, r.rate_limited, r.pack_size);
  if (!r.cached) { // The cost of a cached answer is not paid again.
    input_tokens += r.used.input_tokens;
    cached_input_tokens += r.used.cached_input_tokens;
    output_tokens += r.used.output_tokens;
    reasoning_tokens += r.used.reasoning_tokens;
  }
  upstream_ms += static_cast<uint64_t>(std::max<int64_t>(r.upstream_ms, 0));
  cost_nanodollars += static_cast<uint64_t>(std::max(r.cost, 0.0) * 1e9 + 0.5);
}

void output_totals::add(const output_totals& more) noexcept {
  completed += more.completed;
  failed += more.failed;
  cancelled += more.cancelled;
  expired += more.expired;
  cached += more.cached;
  attempts += more.attempts;
  rate_limited += more.rate_limited;
  attempts_parts += more.attempts_parts;
  add_shared(attempts, attempts_parts, 0, 1);
  rate_limited_parts += more.rate_limited_parts;
  add_shared(rate_limited, rate_limited_parts, 0, 1);
  input_tokens += more.input_tokens;
  cached_input_tokens += more.cached_input_tokens;
  output_tokens += more.output_tokens;
  reasoning_tokens += more.reasoning_tokens;
  upstream_ms += more.upstream_ms;
  cost_nanodollars += more.cost_nanodollars;
}

} // namespace penstock::core
