// Tracks of particles: structs into an archive, and the longest one out of it.
#include <cstdio>
#include <npstow.hpp>

struct track {
    std::uint32_t event;
    std::int32_t particle;
    double length;
    float start[3], end[3];
};
NPSTOW_RECORD(track, event, particle, length, start, end)

int main(int count, char** arguments)
try {
    const std::string path = count > 1 ? arguments[1] : "tracks.npz";
    npstow::fold run;
    run.add("track",
            std::vector<track>{{1, 13, 2.5, {}, {1, 1, 0}}, {1, -13, 7.25, {}, {0, 3, 4}}});
    run.set_meta("creator", "tracks");
    run.save(path);

    const npstow::array tracks = npstow::load(path + ":track");
    const track* longest = nullptr;
    for (const track& one : tracks.view<track>())
        if (!longest || one.length > longest->length) longest = &one;
    std::printf("%s\nthe longest of %zu: particle %d, %.2f\n", tracks.desc().c_str(), tracks.size(),
                longest->particle, longest->length);
} catch (const npstow::error& error) {
    std::fprintf(stderr, "tracks: %s\n", error.what());
    return 1;
}
