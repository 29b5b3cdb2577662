#include "core/pack/packs_in_flight.hpp"

#include "core/pack/pack_canary.hpp"

#include <algorithm>

namespace penstock::core {

namespace {

/// Whether one request of a pack, or the size of the pack, may have caused its failure.
bool is_divisible(const outcome& o) {
  if (o.state != outcome_state::failed || !o.failure)
    return false;
  switch (o.failure->code) {
  case errc::bad_request:
  case errc::invalid_input:
  case errc::request_too_large:
  case errc::response_too_large: return true;
  default: return false;
  }
}

std::string_view bytes_of(const payload& body) {
  return body ? std::string_view{*body} : std::string_view{};
}

} // namespace

void packs_in_flight::add(pack sent, uint32_t attempts_before) {
  const auto first = sent.entries.front().index;
  others_ += sent.entries.size() - 1;
  packs_[first] = {std::move(sent), attempts_before};
}

pack_deal packs_in_flight::take(uint64_t first, end how, const outcome* said,
                                uint32_t entries_max) {
  auto node = packs_.extract(first);
  pack_deal out;
  out.sent = std::move(node.mapped().sent);
  const auto size = out.sent.entries.size();
  others_ -= size - 1;
  out.answered = how == end::finished && said && said->state == outcome_state::completed;
  if (said) {
    out.attempts = said->attempts - std::min(said->attempts, node.mapped().attempts_before);
    out.rate_limited = said->rate_limited;
    out.times =
      share_out(static_cast<uint64_t>(said->upstream.count()), std::vector<uint64_t>(size, 1));
  }
  if (how != end::other)
    pace_.answered(!out.answered || out.attempts - out.rate_limited > 1);
  const auto schema = out.sent.style == pack_style::schema;
  if (out.answered) {
    out.reply = take_apart(out.sent, bytes_of(said->body), said->used);
    out.mostly_wrong = 2 * out.reply.right < size;
    schema_worked_ = schema_worked_ || schema;
    out.divide = out.reply.right < size;
  } else if (how == end::finished && said) {
    out.divide = is_divisible(*said);
  }
  out.smaller = std::max<uint32_t>(1, static_cast<uint32_t>(size / 2));
  if (out.divide && !out.answered && schema && !schema_worked_ &&
      said->failure->code == errc::bad_request && out.sent.form == answer_form::text) {
    // Perhaps the provider does not support schemas: send the same pack without one.
    style_ = pack_style::plain;
    out.smaller = entries_max;
  } else {
    out.split = out.divide;
  }
  return out;
}

outcome pack_deal::outcome_of(size_t i, const outcome& said, const outcome* last,
                              const std::string& custom_id) const {
  auto out = said;
  out.index = sent.entries[i].index;
  out.custom_id = custom_id;
  out.pack_size = static_cast<uint32_t>(size());
  out.attempts = attempts + (last ? last->attempts : 0);
  out.rate_limited = rate_limited + (last ? last->rate_limited : 0);
  out.upstream = duration{static_cast<int64_t>(times[i])} + (last ? last->upstream : duration{});
  out.queued = last ? last->queued : said.queued;
  out.used = {};
  if (said.cost)
    out.cost = *said.cost / static_cast<double>(size());
  if (const auto* right = answer(i)) {
    out.body = make_payload(right->body);
    out.used = right->used;
  } else if (divide && out.state == outcome_state::completed) {
    out.state = outcome_state::failed;
    out.failure = error{reply.code, "in a pack: " + reply.fault};
    out.body = {};
  }
  return out;
}

canaries::shared canaries::take(uint64_t index) {
  auto node = answers_.extract(index);
  return node ? std::move(node.mapped()) : nullptr;
}

canaries::comparison canaries::compare(uint64_t index, const outcome* alone, bool finished) {
  comparison out;
  out.result = *take(index);
  if (!alone)
    return out;
  if (finished && alone->state == outcome_state::completed) {
    out.compared = true;
    out.agreed = answers_agree(bytes_of(out.result.body), bytes_of(alone->body));
    if (!out.agreed)
      out.result = *alone;
  }
  out.result.attempts = std::max(out.result.attempts, alone->attempts);
  out.result.rate_limited = std::max(out.result.rate_limited, alone->rate_limited);
  out.result.upstream = std::max(out.result.upstream, alone->upstream);
  return out;
}

std::vector<uint64_t> canaries::all() const {
  std::vector<uint64_t> out;
  for (auto& [index, answer] : answers_)
    out.push_back(index);
  return out;
}

} // namespace penstock::core
