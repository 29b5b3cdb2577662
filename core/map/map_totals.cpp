#include "core/map/map_totals.hpp"

#include <boost/json.hpp>

namespace penstock::core {

namespace json = boost::json;

namespace {

// The list of numbers, for reading, writing and sums.
template <class Totals, class F>
void for_each_number(Totals& t, F&& f) {
  f(t.completed);
  f(t.failed);
  f(t.cancelled);
  f(t.expired);
  f(t.cached);
  f(t.attempts);
  f(t.rate_limited);
  f(t.input_tokens);
  f(t.cached_input_tokens);
  f(t.output_tokens);
  f(t.reasoning_tokens);
  f(t.upstream_ms);
  f(t.cost_nanodollars);
}

template <class Group, class F>
void for_each_number_of_group(Group& g, F&& f) {
  f(g.completed);
  f(g.failed);
  f(g.cancelled);
  f(g.expired);
  for (auto& stage : g.stages) {
    f(stage.corrections);
    for_each_number(stage.requests, f);
  }
}

} // namespace

void map_group_totals::add_row(outcome_state state) noexcept {
  switch (state) {
  case outcome_state::completed: ++completed; break;
  case outcome_state::failed: ++failed; break;
  case outcome_state::cancelled: ++cancelled; break;
  case outcome_state::expired: ++expired; break;
  }
}

map_totals make_map_totals(size_t groups, size_t stages) {
  map_group_totals group;
  group.stages.resize(stages);
  return map_totals(groups, group);
}

void add(output_totals& a, const output_totals& b) noexcept {
  std::vector<uint64_t> numbers;
  for_each_number(b, [&](uint64_t n) { numbers.push_back(n); });
  auto next = numbers.begin();
  for_each_number(a, [&](uint64_t& n) { n += *next++; });
}

output_totals sum_of(const map_totals& totals) noexcept {
  output_totals sum;
  for (auto& group : totals)
    for (auto& stage : group.stages)
      add(sum, stage.requests);
  return sum;
}

std::string encode_totals(const map_totals& totals) {
  json::array groups;
  for (auto& group : totals) {
    json::array numbers;
    for_each_number_of_group(group, [&](uint64_t n) { numbers.emplace_back(n); });
    numbers.emplace_back(group.noted);
    groups.emplace_back(std::move(numbers));
  }
  return json::serialize(groups);
}

std::optional<map_totals> decode_totals(std::string_view text, size_t groups, size_t stages) {
  boost::system::error_code ec;
  const auto value = json::parse({text.data(), text.size()}, ec);
  const auto* list = ec ? nullptr : value.if_array();
  if (!list || list->size() != groups)
    return std::nullopt;
  auto totals = make_map_totals(groups, stages);
  for (size_t i = 0; i < groups; ++i) {
    const auto* numbers = (*list)[i].if_array();
    size_t at = 0;
    bool whole = numbers != nullptr;
    for_each_number_of_group(totals[i], [&](uint64_t& n) {
      if (!whole || at >= numbers->size()) {
        whole = false;
        return;
      }
      boost::system::error_code bad;
      n = (*numbers)[at++].to_number<uint64_t>(bad);
      whole = !bad;
    });
    if (whole && at < numbers->size()) { // Journals of older versions have no more numbers.
      boost::system::error_code bad;
      totals[i].noted = (*numbers)[at++].to_number<uint64_t>(bad);
      whole = !bad;
    }
    if (!whole || at != numbers->size())
      return std::nullopt;
  }
  return totals;
}

} // namespace penstock::core
