#pragma once

#include "core/io/store/job_store.hpp"

#include <memory>
#include <utility>

namespace penstock::test {

/// Forwards every call to another store. Tests override the calls that they count or break.
class job_store_wrapper : public io::job_store {
public:
  explicit job_store_wrapper(std::shared_ptr<io::job_store> inner) : inner_{std::move(inner)} {}

  result<io::job_receipt> submit(const io::job_header& head,
                                 std::span<const io::request_ptr> requests, bool complete,
                                 io::unix_ms now) override {
    return inner_->submit(head, requests, complete, now);
  }
  result<io::job_receipt> add(uint64_t job, uint64_t first,
                              std::span<const io::request_ptr> requests, bool complete,
                              io::unix_ms now) override {
    return inner_->add(job, first, requests, complete, now);
  }
  result<io::job_row> take_up(uint64_t job) override { return inner_->take_up(job); }
  result<std::vector<uint64_t>> recorded(uint64_t job) override { return inner_->recorded(job); }
  result<uint64_t> write(uint64_t job, std::span<const io::job_outcome> outcomes) override {
    return inner_->write(job, outcomes);
  }
  result<void> finish(uint64_t job, bool ended, uint8_t state, std::string progress,
                      io::unix_ms now) override {
    return inner_->finish(job, ended, state, std::move(progress), now);
  }
  result<uint64_t> retry(uint64_t job, io::unix_ms now) override { return inner_->retry(job, now); }
  result<std::vector<uint64_t>> unfinished() override { return inner_->unfinished(); }
  void forget(uint64_t job, uint64_t below) override { inner_->forget(job, below); }
  result<bool> sweep(io::unix_ms ended_before, io::unix_ms received_before,
                     uint32_t rows_max) override {
    return inner_->sweep(ended_before, received_before, rows_max);
  }
  result<void> commit() override { return inner_->commit(); }
  bool is_durable() const noexcept override { return inner_->is_durable(); }
  result<std::shared_ptr<io::job_reader>> open_reader() override { return inner_->open_reader(); }

private:
  std::shared_ptr<io::job_store> inner_;
};

} // namespace penstock::test
