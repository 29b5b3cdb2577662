#pragma once

#include "config/load.hpp"
#include "config/units.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace penstock::test {

/// A new directory for each case, and functions to load settings from it.
struct config_fixture {
  std::filesystem::path dir;
  config::load_request request;

  config_fixture() {
    auto name = (std::filesystem::temp_directory_path() / "penstock-config-XXXXXX").string();
    dir = mkdtemp(name.data());
    request.directory = dir.string();
  }
  ~config_fixture() {
    std::error_code ec;
    std::filesystem::remove_all(dir, ec);
  }

  /// Writes a file into the directory. @returns its path.
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream{dir / name, std::ios::binary} << text;
    return (dir / name).string();
  }

  /// Loads with `toml` as penstock.toml.
  result<config::loaded_settings> load_file(const std::string& toml) {
    write("penstock.toml", toml);
    return config::load(request);
  }

  /// The faults of `toml`, with the path "penstock.toml"; empty: none.
  std::string fault_of(const std::string& toml) {
    auto loaded = load_file(toml);
    if (loaded)
      return {};
    auto text = loaded.error().context;
    const auto prefix = dir.string() + "/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix))
      text.erase(at, prefix.size());
    return text;
  }

  void set_option(const std::string& key, const std::string& text) {
    auto row = config::find_key(key);
    request.command_line.push_back({row, "--" + std::string{row->flag}, text});
  }
};

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace penstock::test
