#pragma once

#include "tests/support/job_rows.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/mpl/list.hpp>

#include <memory>
#include <string>
#include <vector>

/// A job store of either kind, for cases that run with both.
namespace penstock::test {

inline constexpr io::unix_ms now = 1'800'000'000'000;
using state = core::outcome_state;

struct on_disk {
  temp_dir dir;
  std::shared_ptr<io::job_store> store = must(io::open_job_store(dir / "jobs.db"));
};
struct in_memory {
  std::shared_ptr<io::job_store> store = io::make_memory_job_store();
};
using both = boost::mpl::list<on_disk, in_memory>;

/// A store with a reader; every change is committed.
template <class Where>
struct world : Where {
  std::shared_ptr<io::job_reader> reader = must(this->store->open_reader());

  template <class T>
  T safe(result<T> r) {
    T value = must(std::move(r));
    must(this->store->commit());
    return value;
  }
  io::job_receipt submit(uint64_t count, bool complete = true, std::string key = "",
                         std::string tenant = "t") {
    return safe(this->store->submit({tenant, core::priority::normal, "name", key, "options"},
                                    requests_in(0, count), complete, now));
  }
  uint64_t write(uint64_t job, std::vector<io::job_outcome> outcomes) {
    return safe(this->store->write(job, outcomes));
  }
  void end(uint64_t job, uint8_t how = 3) {
    must(this->store->finish(job, true, how, "progress", now + 5));
    must(this->store->commit());
  }
  std::string lines(uint64_t job, uint64_t from = 0) {
    std::string all;
    for (auto& o : must(reader->outcomes(job, from, 1000, 1 << 20)))
      all += line_of(o);
    return all;
  }
  io::tenant_row counts(std::string tenant = "t") {
    for (auto& t : must(reader->tenants()))
      if (t.tenant == tenant)
        return t;
    return {};
  }
};

inline std::string lines_of(std::vector<io::job_outcome> outcomes) {
  std::string all;
  for (auto& o : outcomes)
    all += line_of(o);
  return all;
}

} // namespace penstock::test
