#include "actors/host/page_rules.hpp"

namespace penstock::actors {

results_query page_query(uint64_t job, const page_options& options) {
  results_query query;
  query.job = job;
  query.from = options.from;
  query.count_max = 1024;
  query.bytes_max = 2u << 20;
  query.wait = options.waits ? page_wait : duration{};
  query.forget = options.forget;
  return query;
}

page_step step_after(const results_page& page, const page_options& options) noexcept {
  // A head that stops leaves its jobs `interrupted`. They go on when it starts again.
  if (page.end)
    return options.comes_back && page.state == job_state::interrupted ? page_step::pause
                                                                      : page_step::end;
  if (!page.items.empty())
    return page_step::ask;
  if (!options.waits)
    return page_step::end;
  return has_ended(page.state) ? page_step::pause : page_step::ask;
}

} // namespace penstock::actors
