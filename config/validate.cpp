#include "config/validate.hpp"
#include "config/keys.hpp"
#include "config/text.hpp"

#include <algorithm>
#include <set>

namespace penstock::config {

namespace {

constexpr size_t name_length_max = 64;

bool is_lane_name(std::string_view name) {
  return !name.empty() && name.size() <= name_length_max && name != "default" &&
         std::ranges::all_of(name, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '-' || c == '_' || c == '.';
         });
}

bool is_pattern(std::string_view glob) {
  return !glob.empty() && glob.size() <= 256 && std::ranges::all_of(glob, [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
  });
}

} // namespace

std::vector<std::string> lane_faults(const upstream_settings& upstream) {
  std::vector<std::string> faults;
  std::set<std::string, std::less<>> names, globs;
  for (auto& lane : upstream.lanes) {
    const auto key = "upstream.lanes." + (lane.name.empty() ? "?" : lane.name);
    if (!is_lane_name(lane.name))
      faults.push_back("upstream.lanes: name must be 1 to 64 letters, digits, '-', '_' or '.', and "
                       "not \"default\" (that is [upstream.limits]), is " + in_quotes(lane.name));
    else if (!names.insert(lane.name).second)
      faults.push_back("upstream.lanes: two lanes have the name " + in_quotes(lane.name));
    if (lane.models.empty())
      faults.push_back(key + ".models must name at least one model, such as [\"gpt-4o*\"]");
    for (auto& glob : lane.models) {
      if (!is_pattern(glob))
        faults.push_back(key + ".models must be model names without blanks, with * and ? as "
                               "wildcards; one is " + in_quotes(glob));
      else if (!globs.insert(glob).second)
        faults.push_back(key + ".models: " + in_quotes(glob) + " stands in two places; only the first counts");
    }
    auto limits = lane.limits;
    for (auto& row : keys())
      if (row.at_lane)
        if (auto fault = check(row, read(row.at_lane(limits))))
          faults.push_back(key + "." + std::string{row.short_name()} + " " + *fault);
  }
  return faults;
}

error joined(const std::vector<std::string>& faults) {
  std::string text;
  for (auto& fault : faults)
    text += (text.empty() ? "" : "\n") + fault;
  return {errc::invalid_config, std::move(text)};
}

result<void> validate(const settings& values) {
  std::vector<std::string> faults;
  for (auto& row : keys())
    if (auto fault = check(row, read(row, values)))
      faults.push_back(std::string{row.name} + " " + *fault);
  for (auto& fault : lane_faults(values.upstream))
    faults.push_back(std::move(fault));
  if (faults.empty())
    return {};
  return joined(faults);
}

} // namespace penstock::config
