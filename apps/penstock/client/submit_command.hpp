#pragma once

#include "apps/penstock/cli/options.hpp"
#include "config/environment.hpp"
#include "messages/job.hpp"

namespace penstock::cli {

/// `penstock submit`: sends the requests of a file to a head, and writes the outcomes as they come.
/// @returns the exit code.
int submit_main(const cluster_command& command, const config::environment& env);

/// The options of a job at a head: as wide as the cluster, unless the user chose a width.
job_options submitted_options(const config::loaded_settings& s);

} // namespace penstock::cli
