#include "config/load.hpp"
#include "config/suggest.hpp"
#include "config/text.hpp"
#include "config/toml_file.hpp"
#include "config/validate.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace penstock::config {

namespace {

constexpr std::string_view lanes_key = "upstream.lanes";
constexpr size_t lanes_max = 1000;
/// More lines than this tell nobody more.
constexpr size_t faults_max = 20;

std::string last_part(std::string_view key) { return std::string{key.substr(key.rfind('.') + 1)}; }

/// The known key that `key` most likely means: the same word in another section first, then the
/// nearest in spelling.
std::optional<std::string> nearest_key(std::string_view key, std::span<const std::string> known) {
  const auto word = last_part(key);
  for (auto& candidate : known)
    if (last_part(candidate) == word)
      return candidate;
  if (auto whole = nearest(key, known))
    return whole;
  std::vector<std::string> words;
  for (auto& candidate : known)
    words.push_back(last_part(candidate));
  const auto best = nearest(word, words);
  return best ? nearest_key(*best, known) : std::nullopt;
}

/// What a file's value is, for a message about it.
std::string described(const file_entry& entry) {
  if (auto other = std::get_if<other_value>(&entry.value))
    return other->what;
  return std::holds_alternative<scalar>(entry.value) ? "a single value" : "a list";
}

/// Builds settings layer by layer and keeps count of what was wrong.
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
      const auto beside = (std::filesystem::path{from_.directory} / "penstock.toml").lexically_normal();
      std::error_code ec;
      if (!std::filesystem::exists(beside, ec))
        return std::nullopt;
      out_.file = beside.string();
    }
    auto entries = read_toml(out_.file);
    if (!entries)
      return entries.error();
    for (auto& entry : *entries)
      take_entry(entry);
    return std::nullopt;
  }

  void take_entry(const file_entry& entry) {
    if (entry.key.starts_with(lanes_key) && entry.key.size() > lanes_key.size() &&
        entry.key[lanes_key.size()] == '[')
      return take_lane_entry(entry);
    if (auto row = find_key(entry.key))
      return take(*row, row->name, entry, row->at(out_.values));
    const bool is_section = entry.key == "upstream" || entry.key == "run" || entry.key == "upstream.limits";
    if (is_section || entry.key == lanes_key) {
      if (std::holds_alternative<other_value>(entry.value) && described(entry) == "an empty section" && is_section)
        return;
      return fault(place(entry), entry.key + (is_section ? " must be a section: [" + entry.key + "]"
                                                         : " must be sections: [[upstream.lanes]]"));
    }
    std::vector<std::string> known;
    for (auto& row : keys())
      known.emplace_back(row.name);
    fault(place(entry), "unknown key " + in_quotes(entry.key) + did_you_mean(nearest_key(entry.key, known)));
  }

  /// "upstream.lanes[2].rpm": `[[upstream.lanes]]` sections come numbered and without gaps.
  void take_lane_entry(const file_entry& entry) {
    const auto rest = std::string_view{entry.key}.substr(lanes_key.size() + 1);
    const auto close = rest.find(']');
    size_t index = 0;
    std::from_chars(rest.data(), rest.data() + close, index);
    if (index >= lanes_max)
      return fault(place(entry), "more than " + std::to_string(lanes_max) + " lanes");
    auto& lanes = out_.values.upstream.lanes;
    lanes.resize(std::max(lanes.size(), index + 1));
    lane_origins_.resize(lanes.size());
    auto& lane = lanes[index];
    if (close + 1 >= rest.size())
      return; // an empty section: the lane has no name, which is a fault of its own
    const auto key = rest.substr(close + 2);
    lane_origins_[index][std::string{key}] = place_in_file(entry);
    const auto value = std::get_if<scalar>(&entry.value);
    const auto word = value ? std::get_if<std::string>(value) : nullptr;
    if (key == "name") {
      if (!word)
        return fault(place(entry), "upstream.lanes name must be text, is " + described(entry));
      lane.name = *word;
    } else if (key == "models") {
      auto list = std::get_if<std::vector<std::string>>(&entry.value);
      if (!list && !word)
        return fault(place(entry), "upstream.lanes models must be a list of model names such as "
                                   "[\"gpt-4o*\"], is " + described(entry));
      lane.models = list ? *list : std::vector<std::string>{*word};
    } else {
      take_lane_limit(entry, key, lane.limits);
    }
  }

  void take_lane_limit(const file_entry& entry, std::string_view key, limit_settings& limits) {
    std::vector<std::string> known{"name", "models"};
    for (auto& row : keys()) {
      if (!row.at_lane)
        continue;
      if (row.short_name() == key)
        return take(row, "upstream.lanes " + std::string{key}, entry, row.at_lane(limits));
      known.emplace_back(row.short_name());
    }
    fault(place(entry), "unknown key " + in_quotes(key) + " of a lane" + did_you_mean(nearest(key, known)));
  }

  /// A value of the file.
  void take(const key_row& row, std::string_view key, const file_entry& entry, field to) {
    auto value = std::get_if<scalar>(&entry.value);
    if (!value)
      return fault(place(entry), std::string{key} + " must be " + allowed(row) + ", is " + described(entry));
    if (auto wrong = assign(row, to, *value))
      return fault(place(entry), std::string{key} + " " + *wrong);
    if (row.at(out_.values) == to)
      out_.origins[std::string{row.name}] = place_in_file(entry);
  }

  /// A value of the environment or the command line.
  void take(const key_row& row, const std::string& where, std::string origin, std::string_view text) {
    if (auto wrong = assign_text(row, row.at(out_.values), text))
      return fault(where, std::string{row.name} + " " + *wrong);
    out_.origins[std::string{row.name}] = std::move(origin);
  }

  void read_environment() {
    for (auto& row : keys()) {
      const auto name = row.env_name();
      const auto found = from_.env.find(name);
      if (found != from_.env.end() && !found->second.empty())
        take(row, "environment " + name, "environment " + name, found->second);
    }
  }

  void find_unknown_variables() {
    std::vector<std::string> known;
    for (auto& row : keys())
      known.push_back(row.env_name());
    for (auto it = from_.env.lower_bound("PENSTOCK_"); it != from_.env.end(); ++it) {
      auto& name = it->first;
      if (!name.starts_with("PENSTOCK_"))
        break;
      const bool fine = it->second.empty() || is_reserved_variable(name) ||
                        name == out_.values.upstream.api_key_env ||
                        std::ranges::find(known, name) != known.end();
      if (!fine)
        fault("environment", "unknown variable " + in_quotes(name) + did_you_mean(nearest(name, known)));
    }
  }

  /// Everything that can only be done once all layers are in.
  void finish() {
    auto& upstream = out_.values.upstream;
    while (upstream.base_url.ends_with('/'))
      upstream.base_url.pop_back();
    widen_window();
    for (size_t i = 0; i < upstream.lanes.size(); ++i) {
      auto& lane = upstream.lanes[i];
      for (auto& row : keys()) {
        if (!row.at_lane)
          continue;
        const std::string word{row.short_name()};
        const auto own = lane_origins_[i].find(word);
        const bool silent = own == lane_origins_[i].end();
        if (silent && row.inherited)
          write(row.at_lane(lane.limits), read(row, out_.values));
        out_.origins[std::string{lanes_key} + "." + lane.name + "." + word] =
            !silent ? own->second : row.inherited ? "as upstream.limits" : "built-in";
      }
    }
    for (auto& text : lane_faults(upstream))
      fault(out_.file, text);
    std::error_code ec;
    if (!upstream.ca_file.empty() && !std::filesystem::is_regular_file(upstream.ca_file, ec))
      fault(out_.origins["upstream.ca_file"], "upstream.ca_file: there is no file " + in_quotes(upstream.ca_file));
  }

  /// A window that nobody chose must not silently narrow a width that somebody did. Four times the
  /// width lets the fast ones run on while a slow one holds back the order.
  void widen_window() {
    auto& run = out_.values.run;
    auto& origin = out_.origins["run.window_requests"];
    const auto needed = 4 * run.max_in_flight;
    if (origin == "built-in" && run.window_requests < needed) {
      run.window_requests = needed;
      origin = "as run.max_in_flight needs";
    }
  }

  std::string place(const file_entry& entry) const {
    return out_.file + ":" + std::to_string(entry.line) + ":" + std::to_string(entry.column);
  }

  std::string place_in_file(const file_entry& entry) const {
    return "file " + out_.file + ":" + std::to_string(entry.line);
  }

  void fault(const std::string& where, const std::string& text) { faults_.push_back(where + ": " + text); }

  const load_request& from_;
  loaded_settings out_;
  std::vector<std::map<std::string, std::string>> lane_origins_; ///< Of each lane, by short key.
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
