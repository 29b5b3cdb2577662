#include "apps/penstock/run/run_words.hpp"

#include "core/base/text.hpp"
#include "core/jsonl/outcome_line.hpp"

#include <fmt/format.h>

#include <fstream>

namespace penstock::cli {

namespace {

uint64_t prompts(const config::settings& s, uint64_t requests) {
  return (requests + s.pack.entries_max - 1) / s.pack.entries_max;
}

bool may_pack(const config::settings& s, const std::string& because) {
  return !because.empty() && s.run.mode == core::mode::automatic && s.pack.entries_max > 1 &&
         s.cache.mode == core::cache_mode::off;
}

} // namespace

std::string pack_proposal(const config::settings& s, uint64_t requests,
                          const std::string& because) {
  if (!may_pack(s, because) || s.pack.automatic != "ask")
    return {};
  return fmt::format("about {} instead of {} with --pack allow, several requests in one ({})",
                     core::counted(prompts(s, requests), "prompt"), core::count_text(requests),
                     because);
}

std::string reason_of_packs(const config::settings& s, uint64_t requests,
                            const std::string& because) {
  if (s.run.mode == core::mode::batch && s.pack.entries_max > 1)
    return "mode batch";
  // Mode auto makes one prompt of a job of two requests.
  const auto packs = may_pack(s, requests == 2 ? "two requests" : because);
  return packs && s.pack.automatic == "allow" ? "pack = \"allow\"" : "";
}

std::string pack_announcement(const config::settings& s, uint64_t requests,
                              const std::string& because) {
  const auto reason = reason_of_packs(s, requests, because);
  if (reason.empty())
    return {};
  return fmt::format("packs: {} share about {}, up to {} in one prompt ({})",
                     core::counted(requests, "request"),
                     core::counted(prompts(s, requests), "prompt"), s.pack.entries_max, reason);
}

core::failure_groups failures_in(const std::string& output) {
  core::failure_groups groups;
  std::ifstream in{output, std::ios::binary};
  for (std::string line; std::getline(in, line);) {
    // A completed line is not parsed.
    if (line.find(R"("error":null)") != line.npos)
      continue;
    const auto o = core::parse_outcome_line(line);
    if (!o || o->state == core::outcome_state::completed ||
        o->state == core::outcome_state::cancelled)
      continue;
    groups.add(o->custom_id, o->failure ? to_string(o->failure->code) : "", o->status_code,
               o->failure ? o->failure->context : "");
  }
  return groups;
}

} // namespace penstock::cli
