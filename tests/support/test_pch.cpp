// Gives the precompiled header of the actor tests a target of its own.
#include "tests/support/deterministic_system.hpp"
