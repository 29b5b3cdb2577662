#include "apps/penstock/client/job_follow.hpp"

#include "actors/host/page_stream.hpp"

namespace penstock::cli {

result<follow_end> follow_job(head_session& head, const job_info& job, outcome_output& out,
                              bool wait) {
  actors::page_stream pages{
    head, job, {.from = out.next_index(), .comes_back = wait, .waits = wait}};
  for (;;) {
    const auto page = pages.next();
    if (!page)
      return page.error();
    if (auto written = out.write(*page); !written)
      return written.error();
    if (pages.ended())
      return follow_end{page->end, page->state};
  }
}

result<job_info> info_of(head_session& head, uint64_t job) {
  return head.persist([&] { return head.ask<job_info>(answer_within, atom::info_v, job); });
}

} // namespace penstock::cli
