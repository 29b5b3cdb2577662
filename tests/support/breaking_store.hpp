#pragma once

#include "tests/support/job_store_wrapper.hpp"

#include <optional>

namespace penstock::test {

/// A job store whose disk fails when the test says so. From then on every commit fails.
class breaking_store : public job_store_wrapper {
public:
  using job_store_wrapper::job_store_wrapper;

  std::optional<error> broken; ///< The error of every commit.
  uint32_t lives_before = 0;   ///< Added to the lives of every job.

  result<io::job_row> take_up(uint64_t job) override {
    auto row = job_store_wrapper::take_up(job);
    if (row)
      row->lives += lives_before;
    return row;
  }
  result<void> commit() override {
    return broken ? result<void>{*broken} : job_store_wrapper::commit();
  }
};

} // namespace penstock::test
