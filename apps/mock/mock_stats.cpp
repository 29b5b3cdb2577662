#include "apps/mock/mock_stats.hpp"
#include "apps/mock/mock_random.hpp"
#include "apps/mock/mock_text.hpp"

#include <algorithm>

namespace penstock::mock {

namespace {

uint64_t slot_of(duration now) {
  return static_cast<uint64_t>(std::max<int64_t>(0, now.count())) / 10'000'000;
}

template <class T>
void field(std::string& out, std::string_view name, T value) {
  append_json(out, name);
  out += ':';
  append_number(out, value);
  out += ',';
}

/// Replaces a comma at the end by the closing bracket.
void close(std::string& out, char bracket) {
  if (out.back() == ',')
    out.pop_back();
  out += bracket;
}

} // namespace

id_counter::entry* id_counter::find(uint64_t key) {
  key += key == 0; // 0 means free.
  if (slots_.size() < 2 * (size_ + 1)) {
    if (size_ >= ids_max)
      return nullptr;
    grow();
  }
  for (size_t i = mix(key) & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
    if (slots_[i].key == key)
      return &slots_[i];
    if (slots_[i].key == 0) {
      slots_[i].key = key;
      ++size_;
      return &slots_[i];
    }
  }
}

void id_counter::grow() {
  const auto old = std::move(slots_);
  slots_.assign(std::max<size_t>(1024, old.size() * 2), {});
  for (const auto& e : old)
    if (e.key != 0) {
      size_t i = mix(e.key) & (slots_.size() - 1);
      while (slots_[i].key != 0)
        i = (i + 1) & (slots_.size() - 1);
      slots_[i] = e;
    }
}

void id_counter::clear() {
  slots_ = {};
  size_ = 0;
}

void sliding_peak::add(uint64_t slot, uint64_t n) {
  slot = std::max(slot, last_);
  const uint64_t steps = std::min<uint64_t>(slot - last_, ring_.size());
  for (uint64_t i = 1; i <= steps; ++i) {
    auto& old = ring_[(slot - steps + i) % ring_.size()];
    sum_ -= old;
    old = 0;
  }
  last_ = slot;
  ring_[slot % ring_.size()] += n;
  sum_ += n;
  peak_ = std::max(peak_, sum_);
}

uint32_t mock_stats::arrived(uint64_t id, std::string_view id_text) {
  ++requests_;
  if (!track_ids_)
    return 0;
  auto* e = ids_.find(id);
  if (!e)
    return 0;
  if (++e->seen > 1) {
    ++duplicates_;
    if (repeated_.size() < texts_max)
      repeated_.try_emplace(e->key, id_text.substr(0, 128));
  }
  return e->seen;
}

void mock_stats::started() { in_flight_peak_ = std::max(in_flight_peak_, ++in_flight_); }
void mock_stats::ended() { --in_flight_; }

stats_second& mock_stats::second(duration now) {
  const auto i = std::min<size_t>(seconds_max - 1, slot_of(now) / 100);
  if (seconds_.size() <= i)
    seconds_.resize(i + 1);
  return seconds_[i];
}

std::string masked_key(std::string_view key) {
  if (key.empty())
    return "none";
  const auto shown = key.size() < 12 ? std::string_view{} : key.substr(0, 3);
  return std::string{shown} + "..." + hex(mix(fnv1a(key))).substr(12);
}

uint64_t mock_stats::named::add(std::string_view name, std::string (*show)(std::string_view)) {
  uint64_t hash = fnv1a(name);
  if (entries_.size() >= names_max && !entries_.contains(hash))
    hash = 0;
  auto& e = entries_[hash];
  if (e.second.requests++ == 0)
    e.first = hash == 0 ? "(others)" : show(name);
  return hash;
}

void mock_stats::named::accept(uint64_t hash) {
  if (const auto it = entries_.find(hash); it != entries_.end())
    ++it->second.second.accepted;
}

tally mock_stats::named::counts() const {
  tally out;
  for (const auto& [hash, e] : entries_) {
    auto& sum = out[e.first];
    sum.requests += e.second.requests;
    sum.accepted += e.second.accepted;
  }
  return out;
}

mock_stats::seen_entries mock_stats::seen(provider p, std::string_view model,
                                          std::string_view key) {
  ++protocols_[static_cast<size_t>(p)].requests;
  const auto plain = [](std::string_view name) { return std::string{name.substr(0, 128)}; };
  return {p, models_.add(model, plain), keys_.add(key, masked_key)};
}

tally mock_stats::by_protocol() const {
  tally out;
  for (size_t i = 0; i < provider_count; ++i)
    if (protocols_[i].requests > 0)
      out[std::string{to_string(static_cast<provider>(i))}] = protocols_[i];
  return out;
}

void mock_stats::pack(size_t entries) {
  ++packs_;
  pack_entries_ += entries;
}

void mock_stats::accepted(duration now, const seen_entries& as) {
  ++accepted_;
  ++protocols_[static_cast<size_t>(as.by)].accepted;
  models_.accept(as.model);
  keys_.accept(as.key);
  ++second(now).accepted;
  accepted_second_.add(slot_of(now), 1);
  accepted_minute_.add(slot_of(now), 1);
}

void mock_stats::charged(duration now, double input, double output, double total) {
  input_ += input;
  output_ += output;
  charged_ += total;
  const auto whole = [](double n) { return static_cast<uint64_t>(std::max(0.0, n) + 0.5); };
  auto& s = second(now);
  s.input_tokens += whole(input);
  s.output_tokens += whole(output);
  s.charged_tokens += whole(total);
  tokens_second_.add(slot_of(now), whole(total));
  tokens_minute_.add(slot_of(now), whole(total));
}

void mock_stats::answered(uint64_t id, int status, bool good, duration now) {
  ++by_status_[static_cast<size_t>(std::clamp(status, 0, 599))];
  if (status == 429)
    ++second(now).rejected;
  if (!track_ids_ || !good)
    return;
  if (auto* e = ids_.find(id); e && ++e->answered > 1)
    ++answered_duplicates_;
}

uint64_t mock_stats::status(int code) const {
  return by_status_[static_cast<size_t>(std::clamp(code, 0, 599))];
}

void mock_stats::reset() {
  const uint64_t still = in_flight_;
  *this = mock_stats{track_ids_};
  in_flight_ = in_flight_peak_ = still;
}

void mock_stats::ids_json(std::string& out) const {
  out += "\"ids\":{";
  field(out, "tracked", uint64_t{track_ids_});
  field(out, "distinct", static_cast<uint64_t>(ids_.size()));
  field(out, "duplicates", duplicates_);
  field(out, "answered_duplicates", answered_duplicates_);
  std::vector<id_counter::entry> repeated;
  uint64_t ids_repeated = 0;
  for (const auto& e : ids_.entries())
    if (e.seen > 1) {
      ++ids_repeated;
      if (repeated_.contains(e.key))
        repeated.push_back(e);
    }
  field(out, "repeated", ids_repeated);
  const auto more = [](const auto& a, const auto& b) {
    return a.seen != b.seen ? a.seen > b.seen : a.key < b.key;
  };
  std::sort(repeated.begin(), repeated.end(), more);
  out += "\"top\":[";
  for (size_t i = 0; i < std::min<size_t>(100, repeated.size()); ++i) {
    out += "{\"id\":";
    append_json(out, repeated_.at(repeated[i].key));
    out += ',';
    field(out, "seen", uint64_t{repeated[i].seen});
    field(out, "answered", uint64_t{repeated[i].answered});
    close(out, '}');
    out += ',';
  }
  close(out, ']');
  out += "},";
}

void mock_stats::shares_json(std::string& out, const mock_limiter& limits, duration now,
                             size_t since) const {
  // Leave out the current second, which is not whole, and idle seconds at the end.
  size_t end = std::min(seconds_.size(), static_cast<size_t>(slot_of(now) / 100));
  while (end > since && seconds_[end - 1].accepted == 0)
    --end;
  stats_second sum;
  for (size_t i = since; i < end; ++i) {
    sum.accepted += seconds_[i].accepted;
    sum.rejected += seconds_[i].rejected;
    sum.input_tokens += seconds_[i].input_tokens;
    sum.output_tokens += seconds_[i].output_tokens;
    sum.charged_tokens += seconds_[i].charged_tokens;
  }
  const double span = end > since ? static_cast<double>(end - since) : 0;
  out += "\"share\":{";
  field(out, "since", static_cast<uint64_t>(since));
  field(out, "seconds", span);
  field(out, "accepted", uint64_t{sum.accepted});
  field(out, "rejected", uint64_t{sum.rejected});
  const auto share = [&](std::string_view name, dimension d, uint64_t used, double window) {
    const double limit = limits.limit(d);
    if (limit > 0 && span > 0)
      field(out, name, static_cast<double>(used) / (limit / window * span));
  };
  share("rpm", dimension::requests_minute, sum.accepted, 60);
  share("rpd", dimension::requests_day, sum.accepted, 86400);
  share("itpm", dimension::input_tokens, sum.input_tokens, 60);
  share("otpm", dimension::output_tokens, sum.output_tokens, 60);
  share("tpm", dimension::total_tokens, sum.charged_tokens, 60);
  close(out, '}');
  out += ',';
}

void mock_stats::series_json(std::string& out) const {
  const auto one = [&](std::string_view name, auto member) {
    append_json(out, name);
    out += ":[";
    for (const auto& s : seconds_) {
      append_number(out, static_cast<uint64_t>(s.*member));
      out += ',';
    }
    close(out, ']');
    out += ',';
  };
  out += "\"series\":{";
  one("accepted", &stats_second::accepted);
  one("rejected", &stats_second::rejected);
  one("input_tokens", &stats_second::input_tokens);
  one("output_tokens", &stats_second::output_tokens);
  one("charged_tokens", &stats_second::charged_tokens);
  close(out, '}');
  out += ',';
}

void mock_stats::tallies_json(std::string& out) const {
  const auto one = [&out](std::string_view name, const tally& counts) {
    append_json(out, name);
    out += ":{";
    for (const auto& [of, n] : counts) {
      append_json(out, of);
      out += ":{";
      field(out, "requests", n.requests);
      field(out, "accepted", n.accepted);
      close(out, '}');
      out += ',';
    }
    close(out, '}');
    out += ',';
  };
  one("protocols", by_protocol());
  one("models", by_model());
  one("keys", by_key());
  out += "\"packs\":{";
  field(out, "packs", packs_);
  field(out, "entries", pack_entries_);
  close(out, '}');
  out += ',';
}

std::string mock_stats::to_json(const mock_limiter& limits, const lying_counters& server,
                                duration now, size_t since, bool series) const {
  std::string out = "{";
  field(out, "elapsed", to_seconds(now));
  field(out, "requests", requests_);
  field(out, "accepted", accepted_);
  field(out, "rate_limited", status(429));
  field(out, "abandoned", abandoned_);
  field(out, "in_flight", in_flight_);
  field(out, "in_flight_peak", in_flight_peak_);
  out += "\"status\":{";
  for (size_t i = 0; i < by_status_.size(); ++i)
    if (by_status_[i] > 0)
      field(out, std::to_string(i), by_status_[i]);
  close(out, '}');
  out += ",\"faults\":{";
  for (const auto& [name, count] : faults_)
    field(out, name, count);
  close(out, '}');
  out += ',';
  tallies_json(out);
  ids_json(out);
  out += "\"tokens\":{";
  field(out, "charged", charged_);
  field(out, "input", input_);
  field(out, "output", output_);
  close(out, '}');
  out += ",\"worst\":{";
  field(out, "accepted_second", accepted_second_.peak());
  field(out, "accepted_minute", accepted_minute_.peak());
  field(out, "tokens_second", tokens_second_.peak());
  field(out, "tokens_minute", tokens_minute_.peak());
  close(out, '}');
  out += ",\"limits\":{";
  for (auto [name, d] : {std::pair{"rpm", dimension::requests_minute},
                         {"rpd", dimension::requests_day},
                         {"itpm", dimension::input_tokens},
                         {"otpm", dimension::output_tokens},
                         {"tpm", dimension::total_tokens}})
    if (limits.limit(d) > 0)
      field(out, name, limits.limit(d));
  close(out, '}');
  out += ',';
  shares_json(out, limits, now, since);
  out += "\"connections\":{";
  field(out, "accepted", server.connections);
  field(out, "open", server.connections_open);
  field(out, "refused", server.connections_refused);
  field(out, "requests", server.requests);
  field(out, "requests_on_reused", server.requests_on_reused);
  field(out, "requests_per_connection_max", server.requests_per_connection_max);
  field(out, "bad_requests", server.bad_requests);
  field(out, "timeouts", server.timeouts);
  field(out, "unread", server.unread);
  field(out, "bytes_in", server.bytes_in);
  field(out, "bytes_out", server.bytes_out);
  close(out, '}');
  out += ',';
  if (series)
    series_json(out);
  close(out, '}');
  return out;
}

} // namespace penstock::mock
