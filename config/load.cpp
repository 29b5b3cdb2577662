#include "config/load.hpp"

#include "config/protocol_defaults.hpp"
#include "config/url.hpp"
#include "config/sections.hpp"
#include "core/base/suggest.hpp"
#include "config/text.hpp"
#include "config/toml_file.hpp"
#include "config/validate.hpp"

#include <algorithm>
#include <filesystem>

namespace penstock::config {

namespace {

/// Largest number of faults in a message; more lines do not help.
constexpr size_t faults_max = 20;

std::string last_part(std::string_view key) { return std::string{key.substr(key.rfind('.') + 1)}; }

/// The known key that is most likely meant: first the same word in another section, then the
/// nearest spelling.
std::optional<std::string> nearest_key(std::string_view key, std::span<const std::string> known) {
  const auto word = last_part(key);
  for (auto& candidate : known)
    if (last_part(candidate) == word)
      return candidate;
  if (auto whole = core::nearest(key, known))
    return whole;
  std::vector<std::string> words;
  for (auto& candidate : known)
    words.push_back(last_part(candidate));
  const auto best = core::nearest(word, words);
  return best ? nearest_key(*best, known) : std::nullopt;
}

/// Whether `name` is a section with keys: "upstream.limits".
bool is_section(std::string_view name) {
  return std::ranges::any_of(keys(), [&](auto& row) {
    return row.name.size() > name.size() && row.name.starts_with(name) &&
           row.name[name.size()] == '.';
  });
}

/// Builds the settings layer by layer and collects faults.
class loader {
public:
  explicit loader(const load_request& from) : from_{from} {
    for (auto& row : keys())
      out_.origins[std::string{row.name}] = "built-in";
  }

  result<loaded_settings> run() {
    if (auto fault = read_file())
      return *fault;
    read_environment();
    for (auto& given : from_.command_line)
      take(*given.row, given.flag, "command line " + given.flag, given.text);
    find_unknown_variables();
    finish();
    if (faults_.empty())
      return std::move(out_);
    if (faults_.size() > faults_max) {
      const auto more = faults_.size() - faults_max;
      faults_.resize(faults_max);
      faults_.push_back("... and " + std::to_string(more) + " more");
    }
    return joined(faults_);
  }

private:
  /// @returns an error if the file cannot be read at all.
  std::optional<error> read_file() {
    const auto named = from_.env.find("PENSTOCK_CONFIG");
    if (from_.file)
      out_.file = *from_.file;
    else if (named != from_.env.end() && !named->second.empty())
      out_.file = named->second;
    else {
      const auto beside =
        (std::filesystem::path{from_.directory} / "penstock.toml").lexically_normal();
      std::error_code ec;
      if (!std::filesystem::exists(beside, ec))
        return std::nullopt;
      out_.file = beside.string();
      out_.found = true;
    }
    auto entries = read_toml(out_.file);
    if (!entries)
      return entries.error();
    for (auto& entry : *entries)
      take_entry(entry);
    return std::nullopt;
  }

  void take_entry(const file_entry& entry) {
    if (section_reader::owns(entry.key)) {
      if (auto wrong = sections_.take(entry, place_in_file(entry), out_.values); !wrong.empty())
        fault(place(entry), wrong);
      return;
    }
    if (auto row = find_key(entry.key))
      return take(*row, row->name, entry, row->at(out_.values));
    if (is_section(entry.key)) {
      auto other = std::get_if<other_value>(&entry.value);
      if (!other || other->what != "an empty section")
        fault(place(entry), entry.key + " must be a section: [" + entry.key + "]");
      return;
    }
    std::vector<std::string> known;
    for (auto& row : keys()) {
      known.emplace_back(row.name);
      if (!row.old_name.empty())
        known.emplace_back(row.old_name);
    }
    auto best = nearest_key(entry.key, known);
    if (auto row = best ? find_key(*best) : nullptr)
      best = std::string{row->name}; // A misspelt old name leads to the new one.
    fault(place(entry), "unknown key " + in_quotes(entry.key) + core::did_you_mean(best));
  }

  /// Takes a value of the file.
  void take(const key_row& row, std::string_view key, const file_entry& entry, field to) {
    auto value = std::get_if<scalar>(&entry.value);
    if (!value)
      return fault(place(entry), std::string{key} + " must be " + allowed(row) + ", is " +
                                   described(entry.value));
    if (auto wrong = assign(row, to, *value))
      return fault(place(entry), std::string{key} + " " + *wrong);
    if (row.at(out_.values) == to)
      out_.origins[std::string{row.name}] = place_in_file(entry);
  }

  /// Takes a value of the environment or the command line.
  void take(const key_row& row, const std::string& where, std::string origin,
            std::string_view text) {
    if (auto wrong = assign_text(row, row.at(out_.values), text))
      return fault(where, std::string{row.name} + " " + *wrong);
    out_.origins[std::string{row.name}] = std::move(origin);
  }

  void read_environment() {
    for (auto& row : keys())
      for (const auto& name : {row.old_env_name(), row.env_name()}) {
        const auto found = from_.env.find(name);
        if (found != from_.env.end() && !found->second.empty())
          take(row, "environment " + name, "environment " + name, found->second);
      }
  }

  /// Whether an upstream takes its API key from the variable `name`.
  bool holds_key(std::string_view name) const {
    const auto& all = out_.values.upstreams;
    return name == out_.values.upstream.api_key_env ||
           std::ranges::find(all, name, &upstream_settings::api_key_env) != all.end();
  }

  void find_unknown_variables() {
    std::vector<std::string> known, old;
    for (auto& row : keys()) {
      known.push_back(row.env_name());
      old.push_back(row.old_env_name());
    }
    for (auto it = from_.env.lower_bound("PENSTOCK_"); it != from_.env.end(); ++it) {
      auto& name = it->first;
      if (!name.starts_with("PENSTOCK_"))
        break;
      const bool fine = it->second.empty() || is_reserved_variable(name) || holds_key(name) ||
                        std::ranges::find(known, name) != known.end() ||
                        std::ranges::find(old, name) != old.end();
      if (!fine)
        fault("environment", "unknown variable " + in_quotes(name) +
                               core::did_you_mean(core::nearest(name, known)));
    }
  }

  /// The steps that need all layers.
  void finish() {
    take_protocol_defaults();
    finish_upstream(out_.values.upstream, out_.origins["upstream.ca_file"]);
    for (auto& upstream : out_.values.upstreams)
      finish_upstream(upstream, out_.file);
    fix_width();
    widen_width();
    widen_window();
    sections_.finish(out_);
    withhold_keys();
    for (auto& wrong : section_faults(out_.values)) {
      auto where = sections_.origin_of(wrong.at);
      constexpr std::string_view file = "file ";
      fault(where.starts_with(file) ? where.substr(file.size()) : out_.file, wrong.text);
    }
  }

  void finish_upstream(upstream_settings& upstream, const std::string& where) {
    while (upstream.base_url.ends_with('/'))
      upstream.base_url.pop_back();
    std::error_code ec;
    if (!upstream.ca_file.empty() && !std::filesystem::is_regular_file(upstream.ca_file, ec))
      fault(where, section_name(out_.values, upstream) + ".ca_file: there is no file " +
                     in_quotes(upstream.ca_file));
  }

  /// If the user chose no address or key variable, take those of the protocol.
  void take_protocol_defaults() {
    auto& upstream = out_.values.upstream;
    const auto given = [this](const std::string& key) { return out_.origins[key] != "built-in"; };
    const auto taken = config::take_protocol_defaults(upstream, given("upstream.base_url"),
                                                      given("upstream.api_key_env"));
    for (auto word : taken)
      out_.origins["upstream." + std::string{word}] = "built-in, for " + upstream.protocol;
  }

  /// A file that only lies in the working directory may come from somebody else. Its address gets
  /// the usual key of a provider only if the file or the user names the variable.
  void withhold_keys() {
    if (!out_.found)
      return;
    const auto look = [&](upstream_settings& upstream) {
      const auto section = section_name(out_.values, upstream);
      const auto& from = out_.origins[section + ".base_url"];
      if (from.starts_with("file ") &&
          out_.origins[section + ".api_key_env"].starts_with("built-in") &&
          !is_own_address(upstream))
        upstream.key_withheld =
          from.substr(5) + ": " + section + ".base_url " + in_quotes(upstream.base_url) +
          " is not the provider's own address, so it does not get the key of " +
          upstream.api_key_env +
          " unasked. If it should, add api_key_env = " + in_quotes(upstream.api_key_env) + " to [" +
          section + "]";
    };
    look(out_.values.upstream);
    for (auto& upstream : out_.values.upstreams)
      look(upstream);
  }

  /// If the user chose no width, it follows the rate: what a rate brings in 15 s may be in flight,
  /// up to a number that every process may open files for.
  void widen_width() {
    constexpr double seconds = 15;
    constexpr uint32_t most = 768;
    auto& run = out_.values.run;
    auto& origin = out_.origins["run.in_flight_max"];
    double rpm = out_.values.upstream.limits.rpm;
    for (auto& lane : out_.values.upstream.lanes)
      rpm = std::max(rpm, lane.limits.rpm);
    const double needed = std::min<double>(most, rpm / 60 * seconds);
    if (origin != "built-in" || needed <= run.in_flight_max)
      return;
    run.in_flight_max = static_cast<uint32_t>(needed);
    origin = "as upstream.limits.rpm needs";
  }

  /// If the user chose a width but no window, the window must not limit the width. With four times
  /// the width, other requests go on while a slow one blocks the order of the output.
  void widen_window() {
    auto& run = out_.values.run;
    auto& origin = out_.origins["run.window_requests"];
    const auto needed = 4 * run.in_flight_max;
    if (origin == "built-in" && run.window_requests < needed) {
      run.window_requests = needed;
      origin = "as run.in_flight_max needs";
    }
  }

  /// If the user chose a width, no lane adapts its own width, unless that is set too. The default
  /// value in a file is not a choice, because a file may contain all settings of `config show`.
  void fix_width() {
    const auto& origin = out_.origins["run.in_flight_max"];
    const bool preset = out_.values.run.in_flight_max == settings{}.run.in_flight_max;
    if (origin == "built-in" || (preset && origin.starts_with("file ")))
      return;
    const auto fix = [](limit_settings& limits) {
      const bool open = limits.adaptive_in_flight == "auto";
      if (open)
        limits.adaptive_in_flight = "false";
      return open;
    };
    if (fix(out_.values.upstream.limits))
      out_.origins["upstream.limits.adaptive_in_flight"] = "as run.in_flight_max is given";
    for (auto& lane : out_.values.upstream.lanes)
      fix(lane.limits);
    for (auto& upstream : out_.values.upstreams) {
      fix(upstream.limits);
      for (auto& lane : upstream.lanes)
        fix(lane.limits);
    }
  }

  std::string place(const file_entry& entry) const {
    return out_.file + ":" + std::to_string(entry.line) + ":" + std::to_string(entry.column);
  }

  std::string place_in_file(const file_entry& entry) const {
    return "file " + out_.file + ":" + std::to_string(entry.line);
  }

  void fault(const std::string& where, const std::string& text) {
    faults_.push_back(where + ": " + text);
  }

  const load_request& from_;
  loaded_settings out_;
  section_reader sections_;
  std::vector<std::string> faults_;
};

} // namespace

bool is_reserved_variable(std::string_view name) {
  return name == "PENSTOCK_CONFIG" || name == "PENSTOCK_API_KEY" || name == "PENSTOCK_PORT" ||
         name.starts_with("PENSTOCK_PORT_") || name.starts_with("PENSTOCK_SERVICE_") ||
         name.starts_with("PENSTOCK_TEST_") || name.starts_with("PENSTOCK_BENCH_");
}

result<loaded_settings> load(const load_request& from) { return loader{from}.run(); }

} // namespace penstock::config
