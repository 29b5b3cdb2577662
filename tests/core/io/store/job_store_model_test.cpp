#include "core/io/store/job_store.hpp"

#include "tests/support/job_rows.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

using namespace penstock;
using namespace penstock::io;
using namespace penstock::test;

namespace {

using state = core::outcome_state;

/// The expected state of a job, stored in the simplest way.
struct model_job {
  std::string tenant, key;
  core::priority priority{};
  uint64_t requests = 0;
  bool complete = false, ended = false;
  uint32_t lives = 0;
  unix_ms ended_at = 0, touched = 0;
  std::map<uint64_t, std::pair<state, std::string>> outcomes; ///< State and line.

  uint64_t ordered() const {
    uint64_t n = 0;
    while (outcomes.count(n) > 0)
      ++n;
    return n;
  }
};

/// Random operations on a store and on a model of it. Both must be equal at any time.
class world {
public:
  world(uint32_t seed, bool durable) : random_{seed}, durable_{durable} { reopen(); }

  void step() {
    ++now_;
    switch (random_() % 14) {
    case 0:
    case 1: submit(); break;
    case 2:
    case 3:
    case 4: add(); break;
    case 5: take_up(); break;
    case 6: finish(); break;
    case 7: retry(); break;
    case 8: sweep(); break;
    case 9:
      if (random_() % 4 == 0)
        reopen();
      break;
    default: write();
    }
    if (random_() % 3 == 0)
      must(store_->commit());
  }

  void compare() {
    must(store_->commit());
    std::vector<uint64_t> ids, open;
    for (auto& row : must(reader_->rows({"", false, 0, 1000})))
      ids.insert(ids.begin(), row.id);
    std::map<std::pair<std::string, core::priority>, tenant_row> tenants;
    size_t at = 0;
    for (auto& [id, job] : jobs_) {
      BOOST_REQUIRE(at < ids.size());
      BOOST_REQUIRE(ids[at++] == id);
      compare(id, job);
      if (job.complete && !job.ended)
        open.push_back(id);
      auto& t = tenants[{job.tenant, job.priority}];
      t.tenant = job.tenant;
      t.priority = job.priority;
      t.jobs += !job.ended;
      t.pending += job.ended ? 0 : job.requests - job.outcomes.size();
      for (auto& [index, o] : job.outcomes)
        ++(o.first == state::completed   ? t.completed
           : o.first == state::failed    ? t.failed
           : o.first == state::cancelled ? t.cancelled
                                         : t.expired);
    }
    BOOST_REQUIRE(at == ids.size());
    BOOST_REQUIRE((must(store_->unfinished()) == open));
    std::erase_if(tenants, [](auto& t) {
      return t.second == tenant_row{t.second.tenant, t.second.priority};
    });
    const auto counted = must(reader_->tenants());
    for (auto& t : counted)
      BOOST_REQUIRE((tenants[{t.tenant, t.priority}] == t));
    BOOST_REQUIRE(counted.size() == tenants.size());
    if (durable_)
      recount(counted);
  }

private:
  void reopen() {
    if (store_ && !durable_)
      return;
    if (store_)
      must(store_->commit());
    reader_.reset();
    store_.reset();
    store_ = durable_ ? must(open_job_store(dir_ / "jobs.db")) : make_memory_job_store();
    reader_ = must(store_->open_reader());
  }

  /// I6: the counters must equal a recount of the rows.
  void recount(const std::vector<tenant_row>& counted) {
    SQLite::Database db{dir_ / "jobs.db", SQLite::OPEN_READONLY};
    for (auto& t : counted) {
      SQLite::Statement rows{
        db, "SELECT count(*) FROM outcomes o JOIN jobs j ON j.id = o.key >> 32 WHERE "
            "j.phase < 3 AND j.tenant = ? AND j.class = ? AND o.state = ?"};
      for (auto [number, expected] :
           {std::pair{0, t.completed}, {1, t.failed}, {2, t.cancelled}, {3, t.expired}}) {
        rows.reset();
        rows.bindNoCopy(1, static_cast<const void*>(t.tenant.data()),
                        static_cast<int>(t.tenant.size()));
        rows.bind(2, static_cast<int>(t.priority));
        rows.bind(3, number);
        BOOST_REQUIRE(rows.executeStep());
        BOOST_REQUIRE(static_cast<uint64_t>(rows.getColumn(0).getInt64()) == expected);
      }
    }
    const auto one = [&](const char* sql) { return db.execAndGet(sql).getInt64(); };
    BOOST_REQUIRE(one("SELECT count(*) FROM outcomes WHERE NOT EXISTS (SELECT 1 FROM requests r "
                      "WHERE r.key = outcomes.key)") == 0);
    BOOST_REQUIRE(one("SELECT count(*) FROM requests WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE id "
                      "= requests.key >> 32)") == 0);
    BOOST_REQUIRE(one("SELECT count(*) FROM jobs j WHERE phase < 3 AND requests <> "
                      "(SELECT count(*) FROM requests r WHERE r.key >> 32 = j.id)") == 0);
  }

  void compare(uint64_t id, const model_job& job) {
    const auto row = must(reader_->row(id));
    BOOST_REQUIRE(row.requests == job.requests);
    BOOST_REQUIRE(row.complete == job.complete);
    BOOST_REQUIRE((row.phase == job_phase::ended) == job.ended);
    BOOST_REQUIRE(row.lives == job.lives);
    BOOST_REQUIRE(row.ordered == job.ordered());
    BOOST_REQUIRE(row.totals.requests() == job.outcomes.size());
    const auto requests = must(reader_->requests(id, 0, 1000, 1 << 20));
    BOOST_REQUIRE(requests.size() == job.requests);
    for (uint64_t i = 0; i < job.requests; ++i) {
      BOOST_REQUIRE(!requests[i] == (job.outcomes.count(i) > 0));
      BOOST_REQUIRE((!requests[i] || *requests[i]->body == *request_at(i)->body));
    }
    const auto outcomes = must(reader_->outcomes(id, 0, 1000, 1 << 20));
    BOOST_REQUIRE(outcomes.size() == job.ordered());
    for (auto& o : outcomes)
      BOOST_REQUIRE(line_of(o) == job.outcomes.at(o.index).second);
  }

  void submit() {
    const auto tenant = "t" + std::to_string(random_() % 3);
    const auto priority = static_cast<core::priority>(random_() % 2);
    const auto key = random_() % 2 ? "k" + std::to_string(random_() % 5) : std::string{};
    const auto count = random_() % 12;
    const auto complete = random_() % 2 == 0;
    const auto receipt =
      must(store_->submit({tenant, priority, "", key, "o"}, requests_in(0, count), complete, now_));
    for (auto& [id, job] : jobs_)
      if (!key.empty() && job.key == key && job.tenant == tenant) {
        BOOST_REQUIRE(receipt.job == id);
        BOOST_REQUIRE(receipt.existed);
        if (!job.complete && !job.ended && count >= job.requests)
          take(job, count, complete);
        BOOST_REQUIRE(receipt.accepted == job.requests);
        return;
      }
    BOOST_REQUIRE(!receipt.existed);
    BOOST_REQUIRE(jobs_.count(receipt.job) == 0);
    auto& job = jobs_[receipt.job];
    job.tenant = tenant;
    job.priority = priority;
    job.key = key;
    take(job, count, complete);
  }

  void take(model_job& job, uint64_t end, bool complete) {
    job.requests = std::max(job.requests, end);
    job.complete |= complete && end == job.requests;
    job.touched = now_;
  }

  std::pair<const uint64_t, model_job>* any() {
    return jobs_.empty() ? nullptr
                         : &*std::next(jobs_.begin(), static_cast<long>(random_() % jobs_.size()));
  }

  void add() {
    auto* one = any();
    if (!one)
      return;
    auto& [id, job] = *one;
    const auto first = random_() % (job.requests + 3), end = first + random_() % 8;
    const auto complete = random_() % 3 == 0;
    const auto receipt = store_->add(id, first, requests_in(first, end), complete, now_);
    if (first > job.requests || ((job.complete || job.ended) && end > job.requests)) {
      BOOST_REQUIRE((refused(receipt) == errc::invalid_input));
      return;
    }
    if (!job.complete && !job.ended)
      take(job, end, complete);
    BOOST_REQUIRE(must(receipt).accepted == job.requests);
  }

  void take_up() {
    auto* one = any();
    if (!one)
      return;
    auto& [id, job] = *one;
    const auto row = store_->take_up(id);
    if (!job.complete || job.ended) {
      BOOST_REQUIRE((refused(row) == errc::invalid_input));
      return;
    }
    BOOST_REQUIRE(must(row).lives == ++job.lives);
    std::vector<uint64_t> above;
    for (auto& [index, o] : job.outcomes)
      if (index > job.ordered())
        above.push_back(index);
    BOOST_REQUIRE((must(store_->recorded(id)) == above));
  }

  void write() {
    auto* one = any();
    if (!one || one->second.requests == 0)
      return;
    auto& [id, job] = *one;
    std::vector<job_outcome> outcomes;
    for (auto n = random_() % 6; n > 0; --n) {
      const auto index = random_() % job.requests;
      const auto as = random_() % 3 ? state::completed : static_cast<state>(random_() % 4);
      outcomes.push_back(result_at(index, as, std::to_string(random_())));
      job.outcomes.try_emplace(index, as, line_of(outcomes.back()));
    }
    BOOST_REQUIRE(must(store_->write(id, outcomes)) == job.ordered());
  }

  void finish() {
    auto* one = any();
    if (!one)
      return;
    auto& [id, job] = *one;
    const auto ended = random_() % 4 > 0;
    must(store_->finish(id, ended, ended ? 3 : 5, "p", now_));
    if (ended && !job.ended) {
      job.ended = true;
      job.ended_at = now_;
    }
    stopped_.insert(id);
  }

  void retry() {
    auto* one = any();
    if (!one || stopped_.count(one->first) == 0)
      return;
    auto& [id, job] = *one;
    const auto missing = store_->retry(id, now_);
    if (!job.complete || (!job.ended && missing.has_error())) {
      BOOST_REQUIRE((refused(missing) == errc::invalid_input));
      return;
    }
    std::erase_if(job.outcomes, [](auto& o) { return o.second.first != state::completed; });
    BOOST_REQUIRE(must(missing) == job.requests - job.outcomes.size());
    if (*missing > 0)
      job.ended = false;
  }

  void sweep() {
    const unix_ms before = now_ - static_cast<unix_ms>(random_() % 60);
    const auto rows = random_() % 40 + 1;
    for (auto more = must(store_->sweep(before, before, static_cast<uint32_t>(rows))); more;)
      more = must(store_->sweep(before, before, static_cast<uint32_t>(rows)));
    std::erase_if(jobs_, [&](auto& j) {
      auto& job = j.second;
      return (job.ended && job.ended_at < before) ||
             (!job.ended && !job.complete && job.touched < before);
    });
  }

  temp_dir dir_;
  std::mt19937 random_;
  bool durable_;
  unix_ms now_ = 1000;
  std::map<uint64_t, model_job> jobs_;
  std::set<uint64_t> stopped_;
  std::shared_ptr<job_store> store_;
  std::shared_ptr<job_reader> reader_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(job_store_model)

BOOST_AUTO_TEST_CASE(any_order_of_operations_gives_what_the_model_gives) {
  for (bool durable : {false, true})
    for (uint32_t seed = 1; seed <= rounds(60, 15); ++seed)
      BOOST_TEST_CONTEXT("seed " << seed << (durable ? " on disk" : " in memory")) {
        world w{seed, durable};
        for (int i = 0; i < 200; ++i) {
          w.step();
          if (i % 20 == 0)
            w.compare();
        }
        w.compare();
      }
}

BOOST_AUTO_TEST_SUITE_END()
