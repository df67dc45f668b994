// Time and memory of one workload of a C++ library; the line of JSON that all contestants print.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

// The many arrays of P5 to P8: how many, and the shape of each.
constexpr std::size_t MANY = 4000, ROWS = 100, COLUMNS = 4, LEN = ROWS * COLUMNS;

inline long peak_kb()
{
    char line[256];
    long kb = 0;
    std::FILE* status = std::fopen("/proc/self/status", "r");
    while (status && std::fgets(line, sizeof line, status))
        if (std::sscanf(line, "VmHWM: %ld", &kb) == 1) break;
    if (status) std::fclose(status);
    return kb;
}

inline long reset_peak_kb()
{
    if (std::FILE* refs = std::fopen("/proc/self/clear_refs", "w")) {
        std::fputs("5", refs);
        std::fclose(refs);
    }
    return peak_kb();
}

inline double sample(const float* values, std::size_t len)
{
    double sum = 0;
    for (std::size_t step = 0; step < 8; step++) sum += values[(len - 1) * step / 7];
    return sum;
}

inline std::string name(std::size_t at)
{
    char text[32];
    std::snprintf(text, sizeof text, "a%04zu", at);
    return text;
}

// One of the many arrays: whole numbers below 2^24, laid end to end.
inline std::vector<float> one_of_many(std::size_t at)
{
    std::vector<float> values(LEN);
    for (std::size_t i = 0; i < LEN; i++)
        values[i] = float((std::uint32_t(at * LEN + i) * 2654435761u) >> 8);
    return values;
}

// How many arrays there are, and the sum of one element of eight of them; `get` gives the elements
// of the array of a name.
template <class Get>
double sample_many(std::size_t count, Get get)
{
    double sum = double(count);
    for (std::size_t step = 0; step < 8; step++)
        sum += get(name((MANY - 1) * step / 7))[(LEN - 1) * step / 7];
    return sum;
}

// `work` makes something; `look` gives what is reported of it. Freeing is not measured.
template <class Work, class Look>
int measure(Work work, Look look)
{
    const long before = reset_peak_kb();
    const auto start = std::chrono::steady_clock::now();
    auto made = work();
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    const long peak = peak_kb();
    std::printf("{\"ms\": %.6f, \"before_kb\": %ld, \"maxrss_kb\": %ld, \"check\": %.0f}\n",
                time.count(), before, peak, look(made));
    return 0;
}

// For work that leaves files.
template <class Work>
int measure(Work work)
{
    return measure([&] { work(); return 0; }, [](int) { return 0.0; });
}
