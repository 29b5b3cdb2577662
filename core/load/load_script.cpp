#include "core/load/load_script.hpp"

#include <algorithm>

namespace penstock::core {

std::string_view to_string(load_message m) noexcept {
  constexpr std::array<std::string_view, load_messages> names{"submit", "status", "cancel",
                                                              "results", "subscribe"};
  return names[static_cast<size_t>(m)];
}

std::string_view to_string(load_role r) noexcept {
  return r == load_role::mock ? "mock" : r == load_role::head ? "head" : "node";
}

std::string_view to_string(load_deed d) noexcept {
  switch (d) {
  case load_deed::start: return "start";
  case load_deed::stop: return "stop";
  case load_deed::kill: return "kill";
  case load_deed::suspend: return "suspend";
  case load_deed::resume: return "resume";
  case load_deed::faults: return "faults";
  case load_deed::limits: return "limits";
  case load_deed::submit: return "submit";
  }
  return "unknown";
}

duration load_script::length() const {
  duration sum{};
  for (auto& phase : phases)
    sum += phase.length;
  return sum;
}

const load_process* load_script::head_process() const noexcept {
  const auto found = std::ranges::find(processes, load_role::head, &load_process::role);
  return found == processes.end() ? nullptr : &*found;
}

const load_tenant* load_script::find_tenant(std::string_view wanted) const noexcept {
  const auto found = std::ranges::find(tenants, wanted, &load_tenant::name);
  return found == tenants.end() ? nullptr : &*found;
}

void scale(load_script& script, double factor) {
  const auto by = [factor](duration& d) { d = from_seconds(to_seconds(d) * factor); };
  for (auto& phase : script.phases)
    by(phase.length);
  for (auto& action : script.actions) {
    by(action.at);
    by(action.length);
  }
  by(script.share_since);
}

} // namespace penstock::core
