#pragma once

#include "actors/map/map_hub.hpp"
#include "actors/map/stage_port.hpp"
#include "tests/support/deterministic_system.hpp"
#include "core/base/checksum.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/json/serialize.hpp>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace penstock::test {

/// Rows without files: "row R" in group `groups[R]`. The body of a request contains row, stage and
/// the fault to correct. An answer that begins with "bad" is asked for again, one that begins with
/// "refused" fails, and all others are accepted.
struct fake_script final : core::map_script {
  std::vector<uint32_t> groups;
  std::vector<uint64_t> faulty;       ///< Unusable rows.
  std::vector<uint64_t> undocumented; ///< Rows whose requests cannot be made.
  std::vector<std::string> names{"a", "b"};
  std::vector<std::string> versions{"a", "b"}; ///< Of the stages' prompts.
  uint64_t next_row = 0;
  std::optional<error> breaks; ///< An error in place of the end.

  result<bool> next(core::map_row& row) override {
    if (next_row == groups.size())
      return breaks ? result<bool>{*breaks} : result<bool>{false};
    row = {};
    row.index = next_row;
    row.group = groups[next_row];
    row.bytes = 100;
    row.scope = core::row_scope{next_row + 1, {{"id", next_row}}};
    for (auto f : faulty)
      if (f == next_row)
        row.fault = error{errc::invalid_input, "line " + std::to_string(f) + " is broken"};
    ++next_row;
    return true;
  }
  result<core::request> compose(core::map_row& row, uint32_t stage, const core::map_correction* c,
                                std::string id) override {
    for (auto u : undocumented)
      if (u == row.index)
        return error{errc::invalid_input, "no document"};
    core::request r;
    r.custom_id = std::move(id);
    r.body = core::make_payload(
      std::to_string(row.index) + ":" + names[stage] +
      (stage > 0 ? "<" + std::string{row.scope.answer_text(names[stage - 1])} : "") +
      (c ? "!" + c->answer + "?" + c->fault : ""));
    return r;
  }
  result<core::stage_print> print(const core::map_row& row, uint32_t stage) override {
    core::running_checksum sum;
    sum.update(versions[stage] + boost::json::serialize(row.scope.cells()) +
               (stage > 0 ? std::string{row.scope.answer_text(names[stage - 1])} : ""));
    return core::stage_print{sum.value() | 1, {}, true};
  }
  result<core::stage_answer> accept(uint32_t, std::string_view body) override {
    if (body.starts_with("\"bad"))
      return error{errc::schema_mismatch, "not good"};
    if (body.starts_with("\"refused"))
      return error{errc::bad_request, "refused"};
    return core::stage_answer{words_of(body), {}};
  }
  std::string words_of(std::string_view body) override {
    return std::string{body.substr(1, body.size() - 2)};
  }
  std::string_view stage_name(uint32_t stage) const override { return names[stage]; }
  std::string head() const override { return {}; }
  void append_row(std::string& out, const core::map_row& row, const error* why) const override {
    out += std::to_string(row.index);
    for (auto& name : names)
      out += "," + std::string{row.scope.answer_text(name)};
    out += why ? "," + why->context + "\n" : ",\n";
  }
};

/// Messages that a job of a map has received.
struct seen_offers {
  std::deque<core::map_ticket> tickets;
  std::deque<std::string> bodies, ids;
  bool end = false;
};

/// A fake port of a stage.
inline stage_port_actor::behavior_type silent_port(stage_port_actor::pointer,
                                                   std::shared_ptr<seen_offers> seen) {
  return {
    [](atom::pull, uint32_t, uint64_t) {},
    [](atom::write, const std::vector<sink_item>&) {},
    [](atom::close, bool) { return true; },
    [](atom::keep, const std::vector<sink_item>&) {},
    [=](atom::chunk, const map_offer& offer) {
      for (size_t i = 0; i < offer.requests.size(); ++i) {
        seen->tickets.push_back(offer.tickets[i]);
        seen->bodies.push_back(*offer.requests[i].body);
        seen->ids.push_back(offer.requests[i].custom_id);
      }
      seen->end |= offer.end;
    },
  };
}

/// An outcome whose body is `text` as JSON.
inline shared_outcome answered(std::string text, double cost = 0) {
  core::outcome o;
  o.state = core::outcome_state::completed;
  o.status_code = 200;
  o.attempts = 1;
  o.body = core::make_payload("\"" + text + "\"");
  if (cost > 0)
    o.cost = cost;
  return make_shared_value(std::move(o));
}

inline shared_outcome ended_as(core::outcome_state state, errc code) {
  core::outcome o;
  o.state = state;
  o.attempts = 1;
  o.failure = error{code, "it ended"};
  return make_shared_value(std::move(o));
}

} // namespace penstock::test
