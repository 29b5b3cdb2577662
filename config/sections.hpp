#pragma once

#include "config/settings.hpp"
#include "config/toml_file.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::config {

/// Reads the repeated sections of a file: `[[upstream.lanes]]`, `[[upstreams]]` (with
/// `[[upstreams.lanes]]`), `[[routes]]` and `[[prices]]`. A section of an upstream has the keys of
/// `[upstream]`; the same rows of the table read them.
class section_reader {
public:
  /// Whether `key` belongs to such a section: "routes[0].models", and "routes" itself.
  static bool owns(std::string_view key);
  /// Writes one entry to `values`.
  /// @pre `owns(entry.key)`.
  /// @returns the fault; empty: none.
  std::string take(const file_entry& entry, const std::string& origin, settings& values);
  /// Call it after all layers: sets the values that the sections do not give, and all origins.
  void finish(loaded_settings& out) const;
  /// The origin of `key` ("routes[1].to"), or else of its section; empty if there is none.
  std::string origin_of(std::string_view key) const;

private:
  std::string take_upstream(const file_entry& entry, std::string_view key, upstream_settings& to,
                            settings& values);
  std::string take_lane(const file_entry& entry, std::string_view key, lane_settings& to) const;

  std::map<std::string, std::string, std::less<>> given_; ///< Origin by numbered key.
};

/// A value of a repeated section, for `config show`.
struct section_value {
  std::string section; ///< For people: "upstreams.spare.lanes.mini", "routes[0]".
  std::string name;    ///< Its key in the section: "limits.rpm".
  std::string text;    ///< As written in a file.
  /// The key for its origin.
  std::string key() const { return section + "." + name; }
};

/// All values of all repeated sections, section by section.
std::vector<section_value> section_values(const settings& values);

/// The prefix of the keys of an upstream for people: "upstream" or "upstreams.NAME".
std::string section_name(const settings& values, const upstream_settings& upstream);

} // namespace penstock::config
