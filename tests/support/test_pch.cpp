// The source of the targets with the precompiled headers of the suites.
