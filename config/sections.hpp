#pragma once

#include "config/settings.hpp"
#include "config/toml_file.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::config {

/// Reads the sections of a file that may stand several times: `[[upstream.lanes]]`, `[[upstreams]]`
/// (with `[[upstreams.lanes]]`), `[[routes]]` and `[[prices]]`. A section of an upstream has the
/// keys of `[upstream]`: the same rows read them.
class section_reader {
public:
  /// Whether `key` belongs to such a section: "routes[0].models", and "routes" itself.
  static bool owns(std::string_view key);
  /// Puts one entry into `values`.
  /// @pre `owns(entry.key)`.
  /// @returns what is wrong with it; empty: nothing.
  std::string take(const file_entry& entry, const std::string& origin, settings& values);
  /// Once all layers are in: what the sections are silent about, and the origin of each value.
  void finish(loaded_settings& out) const;
  /// Where `key` ("routes[1].to") was given, or else the section it stands in; empty if nowhere.
  std::string origin_of(std::string_view key) const;

private:
  std::string take_upstream(const file_entry& entry, std::string_view key, upstream_settings& to,
                            settings& values);
  std::string take_lane(const file_entry& entry, std::string_view key, lane_settings& to) const;

  std::map<std::string, std::string, std::less<>> given_; ///< Origin by numbered key.
};

/// A value of a section, to be shown.
struct section_value {
  std::string
    section;        ///< Its section as people know it: "upstreams.spare.lanes.mini", "routes[0]".
  std::string name; ///< Its key there: "limits.rpm".
  std::string text; ///< As it is written in a file.
  /// The key of its origin.
  std::string key() const { return section + "." + name; }
};

/// All values of all repeated sections, section by section.
std::vector<section_value> section_values(const settings& values);

/// What the keys of an upstream begin with where people read them: "upstream" or "upstreams.NAME".
std::string section_name(const settings& values, const upstream_settings& upstream);

} // namespace penstock::config
