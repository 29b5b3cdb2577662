// Gives the precompiled headers of the suites targets of their own.
