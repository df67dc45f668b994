// npstow for C++17: NumPy's arrays at rest. Header only, over npstow.h; link with npstow.
//
//     npstow::array photons = npstow::load("run.npz:photon");       // an exception, or all of it
//     for (const float &x : photons.view<float>()) ...               // checked, no copy
//
//     npstow::error error;                                           // the other road
//     npstow::array hits = npstow::load("hits.npy", error);
//     if (error) std::puts(error.what());
//
// Every function that can fail takes an npstow::error as its last argument. Without one it throws
// it; where there are no exceptions (-fno-exceptions) it cannot be left out.
#pragma once
#include "npstow/array.hpp"
#include "npstow/decoder.hpp"
#include "npstow/dtype.hpp"
#include "npstow/error.hpp"
#include "npstow/file.hpp"
#include "npstow/fold.hpp"
#include "npstow/meta.hpp"
#include "npstow/rows.hpp"
#include "npstow/save.hpp"
