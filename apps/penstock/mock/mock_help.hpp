#pragma once

#include <string>

namespace penstock::cli {

/// What `penstock mock --help` teaches beside its options: endpoints, answers, the grammar and the
/// menu of faults, worked examples.
std::string mock_footer();

} // namespace penstock::cli
