#pragma once

#include "core/io/store/job_store.hpp"

#include <memory>
#include <optional>

namespace penstock::test {

/// A job store whose disk fails when the test says so: from then on nothing is made safe.
class breaking_store : public io::job_store {
public:
  explicit breaking_store(std::shared_ptr<io::job_store> kept) : kept_{std::move(kept)} {}

  std::optional<error> broken; ///< What every commit says.
  uint32_t lives_before = 0;   ///< Every job has had so many more.

  result<io::job_receipt> submit(const io::job_header& head,
                                 std::span<const io::request_ptr> requests, bool complete,
                                 io::unix_ms now) override {
    return kept_->submit(head, requests, complete, now);
  }
  result<io::job_receipt> add(uint64_t job, uint64_t first,
                              std::span<const io::request_ptr> requests, bool complete,
                              io::unix_ms now) override {
    return kept_->add(job, first, requests, complete, now);
  }
  result<io::job_row> take_up(uint64_t job) override {
    auto row = kept_->take_up(job);
    if (row)
      row->lives += lives_before;
    return row;
  }
  result<std::vector<uint64_t>> recorded(uint64_t job) override { return kept_->recorded(job); }
  result<uint64_t> write(uint64_t job, std::span<const io::job_outcome> outcomes) override {
    return kept_->write(job, outcomes);
  }
  result<void> finish(uint64_t job, bool ended, uint8_t state, std::string progress,
                      io::unix_ms now) override {
    return kept_->finish(job, ended, state, std::move(progress), now);
  }
  result<uint64_t> retry(uint64_t job, io::unix_ms now) override { return kept_->retry(job, now); }
  result<std::vector<uint64_t>> unfinished() override { return kept_->unfinished(); }
  void forget(uint64_t job, uint64_t below) override { kept_->forget(job, below); }
  result<bool> sweep(io::unix_ms ended_before, io::unix_ms received_before,
                     uint32_t rows_max) override {
    return kept_->sweep(ended_before, received_before, rows_max);
  }
  result<void> commit() override { return broken ? result<void>{*broken} : kept_->commit(); }
  bool is_durable() const noexcept override { return kept_->is_durable(); }
  result<std::shared_ptr<io::job_reader>> open_reader() override { return kept_->open_reader(); }

private:
  std::shared_ptr<io::job_store> kept_;
};

} // namespace penstock::test
