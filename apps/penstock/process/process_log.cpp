#include "apps/penstock/process/process_log.hpp"

#include "core/io/file/wall_clock.hpp"

#include <unistd.h>

#include <climits>
#include <cstdio>
#include <ctime>

namespace penstock::cli {

void log_line(const std::string& text) {
  const auto now = io::wall_now_ms();
  const auto seconds = static_cast<std::time_t>(now / 1000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char when[32];
  std::strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &utc);
  std::fprintf(stderr, "%s.%03dZ %s\n", when, static_cast<int>(now % 1000), text.c_str());
}

std::string process_name(const config::cluster_settings& s) {
  if (!s.node_name.empty())
    return s.node_name;
  char host[HOST_NAME_MAX + 1] = {};
  if (::gethostname(host, HOST_NAME_MAX) != 0)
    host[0] = '\0';
  return std::string{host} + ':' + std::to_string(::getpid());
}

} // namespace penstock::cli
