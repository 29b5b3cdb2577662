#include "apps/penstock/run/run_input.hpp"

#include "config/prices.hpp"
#include "core/base/text.hpp"
#include "core/base/url_path.hpp"
#include "core/protocol/api_path.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace penstock::cli {

result<void> check_input(const std::string& path) {
  struct stat info {};
  if (path == "-")
    return {};
  const auto refuse = [&](const char* why) {
    return error{errc::invalid_input, "cannot read " + path + ": " + why};
  };
  if (::stat(path.c_str(), &info) != 0 ||
      (!S_ISDIR(info.st_mode) && ::access(path.c_str(), R_OK) != 0))
    return refuse(std::strerror(errno));
  if (S_ISDIR(info.st_mode))
    return refuse("it is a directory; name a JSONL file, or - for standard input");
  return {};
}

bool is_regular_file(const std::string& path) {
  struct stat info {};
  return path != "-" && ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

namespace {

/// Whether a request names a path that no upstream of this process may be asked for. An input of
/// others must not reach other parts of a provider with our key.
class path_guard {
public:
  path_guard(const config::settings& s, bool sends) : sends_{sends} {
    paths_.push_back(s.upstream.paths);
    for (auto& upstream : s.upstreams)
      paths_.push_back(upstream.paths);
  }

  std::optional<std::string> operator()(const core::request& r) {
    // Lines without a usable path are unusable lines, as others are.
    if (r.url == last_ || !r.url.starts_with('/'))
      return std::nullopt;
    if (const auto fault = core::url_path_fault(r.url); !fault.empty())
      return "url \"" + core::clean_text(r.url, 200) + "\" " + std::string{fault} +
             "; correct the line, or remove it";
    if (sends_ && std::ranges::none_of(
                    paths_, [&](auto& paths) { return core::is_allowed_path(r.url, paths); }))
      return core::path_refused(r.url).context;
    last_ = r.url;
    return std::nullopt;
  }

private:
  bool sends_;
  std::vector<std::string> paths_;
  std::string last_; ///< The last good path; most inputs have only one.
};

} // namespace

result<io::input_summary> scan_run_input(const std::string& input, const config::settings& s,
                                         bool sends) {
  io::scan_options options;
  options.lines.model = s.run.model;
  options.line_max = s.run.line_max;
  options.refuses = path_guard{s, sends};
  if (auto usable = io::check_requests(input); !usable)
    return usable.error();
  auto found = io::scan_input(input, options);
  if (!found)
    return found;
  if (!found->duplicates.empty()) {
    const auto& d = found->duplicates.front();
    return error{errc::invalid_input,
                 input + ":" + std::to_string(d.second_line) + ": custom_id \"" + d.custom_id +
                   "\" stands already in line " + std::to_string(d.first_line) +
                   "; every request needs a custom_id of its own (nothing was sent)"};
  }
  if (found->rejected > 0) {
    std::string text;
    for (auto& r : found->rejections)
      text += "\n  " + input + ": " + r.reason;
    if (s.run.strict)
      return error{errc::invalid_input,
                   std::to_string(found->rejected) +
                     " unusable lines, and --strict is set (nothing was sent):" + text};
    if (!s.run.quiet)
      std::fprintf(stderr, "penstock: %llu unusable lines will be failed results:%s\n",
                   static_cast<unsigned long long>(found->rejected), text.c_str());
  }
  return found;
}

result<void> check_prices(const config::settings& s,
                          const std::optional<io::input_summary>& input) {
  if (s.run.budget <= 0)
    return {};
  const auto prices = config::price_table_of(s);
  std::string unknown;
  if (input)
    for (auto& [key, share] : input->models)
      if (!prices.find(key.first) && unknown.find('"' + key.first + '"') == unknown.npos)
        unknown += (unknown.empty() ? " \"" : ", \"") + key.first + '"';
  if (!prices.empty() && unknown.empty())
    return {};
  return error{errc::invalid_config,
               "--budget needs prices" + (unknown.empty() ? "" : " for the models" + unknown) +
                 "; set --price-input and --price-output, or add [[prices]] rows to the "
                 "configuration file (nothing was sent)"};
}

} // namespace penstock::cli
