#include "core/map_record.hpp"

#include "core/jsonl.hpp"

#include <boost/json.hpp>

namespace penstock::core {

namespace json = boost::json;

namespace {

errc code_from(std::string_view name) noexcept {
  for (auto n = static_cast<uint8_t>(errc::invalid_config);
       n <= static_cast<uint8_t>(errc::incompatible); ++n)
    if (to_string(static_cast<errc>(n)) == name)
      return static_cast<errc>(n);
  return errc::internal;
}

const json::object* object_at(const json::object& from, std::string_view name) {
  auto* v = from.if_contains(name);
  return v ? v->if_object() : nullptr;
}

std::string text_at(const json::object& from, std::string_view name) {
  auto* v = from.if_contains(name);
  return v && v->is_string() ? std::string{v->get_string()} : std::string{};
}

} // namespace

map_numbering::map_numbering(const std::vector<uint32_t>& corrections_max) {
  per_row_ = 0;
  for (auto corrections : corrections_max) {
    starts_.push_back(per_row_);
    per_row_ += corrections + uint64_t{1};
  }
}

uint64_t map_numbering::number_of(const map_ticket& t) const noexcept {
  return t.row * per_row_ + starts_[t.stage] + t.round;
}

map_ticket map_numbering::ticket_of(uint64_t number) const noexcept {
  const auto in_row = number % per_row_;
  auto stage = starts_.size() - 1;
  while (starts_[stage] > in_row)
    --stage;
  return {number / per_row_, static_cast<uint32_t>(stage),
          static_cast<uint32_t>(in_row - starts_[stage])};
}

std::string encode_answer(const outcome& o, uint64_t number) {
  auto numbered = o;
  numbered.index = number;
  return output_line(numbered);
}

result<outcome> decode_answer(std::string_view line) {
  auto record = parse_output_line(line);
  if (!record)
    return record.error();
  boost::system::error_code ec;
  json::parse_options rules;
  rules.allow_invalid_utf8 = true;
  rules.max_depth = 256;
  const auto value = json::parse({line.data(), line.size()}, ec, {}, rules);
  const auto* o = ec ? nullptr : value.if_object();
  if (!o)
    return error{errc::corrupt, "an answer in the journal is no JSON"};
  outcome out;
  out.index = record->index;
  out.custom_id = record->custom_id;
  out.state = record->state;
  out.status_code = record->status_code;
  out.attempts = record->attempts;
  out.rate_limited = record->rate_limited;
  out.ran_as = record->ran_as;
  out.queued = std::chrono::milliseconds{record->queued_ms};
  out.upstream = std::chrono::milliseconds{record->upstream_ms};
  out.cached = record->cached;
  out.used = record->used;
  if (auto* response = object_at(*o, "response")) {
    out.request_id = text_at(*response, "request_id");
    if (auto* body = response->if_contains("body"); body && !body->is_null())
      out.body = make_payload(json::serialize(*body));
  }
  if (auto* failure = object_at(*o, "error"))
    out.failure = error{code_from(record->error_code), text_at(*failure, "message")};
  if (auto* ours = object_at(*o, "penstock")) {
    out.lane = text_at(*ours, "lane");
    out.lane_reason = text_at(*ours, "lane_reason");
    if (ours->contains("cost"))
      out.cost = record->cost;
  }
  return out;
}

} // namespace penstock::core
