#include "core/jsonl/outcome_line.hpp"

#include "core/json/json_scan.hpp"
#include "core/jsonl/jsonl.hpp"

namespace penstock::core {

namespace {

/// The text of a member; empty if it is missing or null.
std::string text_of(std::string_view object, std::string_view name) {
  const auto value = find_member(object, name);
  return value ? decode_json_string(*value).value_or("") : std::string{};
}

/// Reads a code. An unknown code of a later version counts as a plain failure.
errc code_from(std::string_view name) noexcept {
  for (uint8_t number = 1; to_string(static_cast<errc>(number)) != "unknown"; ++number)
    if (to_string(static_cast<errc>(number)) == name)
      return static_cast<errc>(number);
  return errc::internal;
}

} // namespace

result<outcome> parse_outcome_line(std::string_view line) {
  const auto record = parse_output_line(line);
  if (!record)
    return record.error();
  outcome o;
  o.index = record->index;
  o.custom_id = record->custom_id;
  o.state = record->state;
  o.status_code = record->status_code;
  o.attempts = record->attempts;
  o.rate_limited = record->rate_limited;
  o.ran_as = record->ran_as;
  o.queued = std::chrono::milliseconds{record->queued_ms};
  o.upstream = std::chrono::milliseconds{record->upstream_ms};
  o.cached = record->cached;
  o.used = record->used;
  o.pack_size = record->pack_size;
  o.notes = record->notes;
  for (member_scanner scan{line}; scan.next();) {
    if (scan.key_is("response") && scan.value() != "null") {
      o.request_id = text_of(scan.value(), "request_id");
      if (const auto body = find_member(scan.value(), "body"); body && *body != "null")
        o.body = make_payload(std::string{*body});
    } else if (scan.key_is("error") && o.state != outcome_state::completed) {
      o.failure = error{code_from(record->error_code), text_of(scan.value(), "message")};
    } else if (scan.key_is("penstock")) {
      o.lane = text_of(scan.value(), "lane");
      o.lane_reason = text_of(scan.value(), "lane_reason");
      if (find_member(scan.value(), "cost"))
        o.cost = record->cost;
    }
  }
  return o;
}

} // namespace penstock::core
