// Photons from a std::vector of structs into a file, more of them behind, and back as structs.
//
//     photons FOLDER
#include <cmath>
#include <cstdio>
#include <npstow.hpp>
#include <string>
#include <vector>

// Sixteen numbers: n of them are an array of shape (n, 4, 4), which is how NumPy users have them.
struct photon {
    float position[3], time;
    float momentum[3], weight;
    float polarization[3], wavelength;
    std::uint32_t flags[4];
};
NPSTOW_ROW(photon, float, 4, 4)

// Of several types: n of them are records with these fields.
struct hit {
    std::uint64_t photon;
    float time;
    std::int16_t sensor;
};
NPSTOW_RECORD(hit, photon, time, sensor)

int main(int count, char** arguments)
{
    const std::string folder = count > 1 ? arguments[1] : ".";
    std::vector<photon> photons(1000);
    std::vector<hit> hits;
    for (std::size_t at = 0; at < photons.size(); at++) {
        const float angle = 0.01f * static_cast<float>(at);
        photons[at] =
            photon{{std::cos(angle), std::sin(angle), 0}, angle, {0, 0, 1}, 1, {1, 0, 0}, 440, {}};
        if (at % 100 == 0) hits.push_back({at, angle, static_cast<std::int16_t>(at / 100)});
    }
    try {
        // One array, and more rows behind it. A crash leaves the old rows or all of them.
        const std::string path = folder + "/photons.npy";
        npstow::save(path, photons);
        npstow::append(path, npstow::array::from(photons));

        // Many arrays with metadata: a folder that NumPy and NPFold read, or one archive.
        npstow::fold event;
        event.add("photon", npstow::load(path)).add("hit", hits);
        event.set_meta("run", 7).set_meta("threshold", 0.25);
        event.save(folder + "/event");
        event.save(folder + "/event.npz");
        std::printf("%s\n", event.desc().c_str());

        // The elements as structs, without a copy: dtype, order and layout are checked.
        const npstow::array read = npstow::load(folder + "/event.npz:photon");
        double sum = 0;
        for (const photon& one : read.view<photon>()) sum += static_cast<double>(one.time);
        std::printf("%zu photons, mean time %.3f, run %d\n", read.view<photon>().size(),
                    sum / static_cast<double>(read.view<photon>().size()),
                    npstow::fold::load_nodata(folder + "/event").get_meta<int>("run"));
        for (const hit& one : npstow::load(folder + "/event:hit").to_vector<hit>())
            if (one.sensor < 2)
                std::printf("sensor %d at %.2f\n", one.sensor, static_cast<double>(one.time));

        // What does not fit is said, not reinterpreted.
        read.view<double>();
    } catch (const npstow::error& error) {
        std::printf("%s\n", error.what());
        return error.status() == npstow::status::mismatch ? 0 : 1;
    }
}
