#pragma once

#include "messages/flow.hpp"
#include "messages/http.hpp"
#include "messages/job.hpp"
#include "messages/work.hpp"

#include <caf/atom.hpp>
#include <caf/type_id.hpp>

#include <vector>

namespace penstock {
struct wiring; // messages/interfaces.hpp
}

/// Every atom and type that crosses an actor boundary, once.
CAF_BEGIN_TYPE_ID_BLOCK(penstock, caf::first_custom_type_id)
  CAF_ADD_ATOM(penstock, penstock::atom, abort, "abort")
  CAF_ADD_ATOM(penstock, penstock::atom, acquire, "acquire")
  CAF_ADD_ATOM(penstock, penstock::atom, adopt, "adopt")
  CAF_ADD_ATOM(penstock, penstock::atom, assign, "assign")
  CAF_ADD_ATOM(penstock, penstock::atom, cancel, "cancel")
  CAF_ADD_ATOM(penstock, penstock::atom, chunk, "chunk")
  CAF_ADD_ATOM(penstock, penstock::atom, close, "close")
  CAF_ADD_ATOM(penstock, penstock::atom, collect, "collect")
  CAF_ADD_ATOM(penstock, penstock::atom, demand, "demand")
  CAF_ADD_ATOM(penstock, penstock::atom, done, "done")
  CAF_ADD_ATOM(penstock, penstock::atom, drain, "drain")
  CAF_ADD_ATOM(penstock, penstock::atom, engine, "engine")
  CAF_ADD_ATOM(penstock, penstock::atom, failed, "failed")
  CAF_ADD_ATOM(penstock, penstock::atom, finished, "finished")
  CAF_ADD_ATOM(penstock, penstock::atom, flush, "flush")
  CAF_ADD_ATOM(penstock, penstock::atom, freed, "freed")
  CAF_ADD_ATOM(penstock, penstock::atom, granted, "granted")
  CAF_ADD_ATOM(penstock, penstock::atom, join, "join")
  CAF_ADD_ATOM(penstock, penstock::atom, keep, "keep")
  CAF_ADD_ATOM(penstock, penstock::atom, lost, "lost")
  CAF_ADD_ATOM(penstock, penstock::atom, mark, "mark")
  CAF_ADD_ATOM(penstock, penstock::atom, open, "open")
  CAF_ADD_ATOM(penstock, penstock::atom, pull, "pull")
  CAF_ADD_ATOM(penstock, penstock::atom, refused, "refused")
  CAF_ADD_ATOM(penstock, penstock::atom, release, "release")
  CAF_ADD_ATOM(penstock, penstock::atom, reply, "reply")
  CAF_ADD_ATOM(penstock, penstock::atom, report, "report")
  CAF_ADD_ATOM(penstock, penstock::atom, rewire, "rewire")
  CAF_ADD_ATOM(penstock, penstock::atom, send, "send")
  CAF_ADD_ATOM(penstock, penstock::atom, settle, "settle")
  CAF_ADD_ATOM(penstock, penstock::atom, slots, "slots")
  CAF_ADD_ATOM(penstock, penstock::atom, snapshot, "snapshot")
  CAF_ADD_ATOM(penstock, penstock::atom, spawn, "spawn")
  CAF_ADD_ATOM(penstock, penstock::atom, status, "status")
  CAF_ADD_ATOM(penstock, penstock::atom, stop, "stop")
  CAF_ADD_ATOM(penstock, penstock::atom, submit, "submit")
  CAF_ADD_ATOM(penstock, penstock::atom, wait, "wait")
  CAF_ADD_ATOM(penstock, penstock::atom, wake, "wake")
  CAF_ADD_ATOM(penstock, penstock::atom, withdraw, "withdraw")
  CAF_ADD_ATOM(penstock, penstock::atom, write, "write")
  CAF_ADD_ATOM(penstock, penstock::atom, written, "written")
  CAF_ADD_TYPE_ID(penstock, (penstock::error))
  CAF_ADD_TYPE_ID(penstock, (penstock::core::request))
  CAF_ADD_TYPE_ID(penstock, (penstock::core::outcome))
  CAF_ADD_TYPE_ID(penstock, (penstock::core::permit_request))
  CAF_ADD_TYPE_ID(penstock, (penstock::core::permit))
  CAF_ADD_TYPE_ID(penstock, (penstock::core::settlement))
  CAF_ADD_TYPE_ID(penstock, (penstock::core::lane_snapshot))
  CAF_ADD_TYPE_ID(penstock, (penstock::shared_request))
  CAF_ADD_TYPE_ID(penstock, (penstock::shared_outcome))
  CAF_ADD_TYPE_ID(penstock, (penstock::request_key))
  CAF_ADD_TYPE_ID(penstock, (penstock::assigned_request))
  CAF_ADD_TYPE_ID(penstock, (penstock::assignment))
  CAF_ADD_TYPE_ID(penstock, (penstock::work_report))
  CAF_ADD_TYPE_ID(penstock, (penstock::report_batch))
  CAF_ADD_TYPE_ID(penstock, (penstock::slot_return))
  CAF_ADD_TYPE_ID(penstock, (penstock::request_chunk))
  CAF_ADD_TYPE_ID(penstock, (penstock::sink_item))
  CAF_ADD_TYPE_ID(penstock, (std::vector<penstock::sink_item>))
  CAF_ADD_TYPE_ID(penstock, (penstock::collector_progress))
  CAF_ADD_TYPE_ID(penstock, (penstock::job_options))
  CAF_ADD_TYPE_ID(penstock, (penstock::job_progress))
  CAF_ADD_TYPE_ID(penstock, (penstock::exchange_call))
  CAF_ADD_TYPE_ID(penstock, (penstock::exchange_reply))
  CAF_ADD_TYPE_ID(penstock, (penstock::completion_batch))
  CAF_ADD_TYPE_ID(penstock, (penstock::local_submission))
  CAF_ADD_TYPE_ID(penstock, (std::vector<penstock::core::lane_snapshot>))
  CAF_ADD_TYPE_ID(penstock, (penstock::wiring))
  CAF_ADD_TYPE_ID(penstock, (penstock::opened_job))
CAF_END_TYPE_ID_BLOCK(penstock)
