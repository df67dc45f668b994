// What C++ saves is what NumPy reads, and what NumPy saves is what C++ reads: numpy_check.py holds
// the other half.
#include "check.hpp"
#include "npstow.hpp"
#include <complex>

using npstow::array;
using npstow::fold;

namespace {

struct inner {
    std::int16_t a;
    double b;
};
NPSTOW_RECORD(inner, a, b)

struct record {
    float position[3];
    std::uint64_t id;
    char name[5];
    bool hit;
    inner both[2];
};
NPSTOW_RECORD(record, position, id, name, hit, both)

struct step {
    float values[8];
};
NPSTOW_ROW(step, float, 2, 4)

void write()
{
    std::vector<record> records(3);
    for (std::size_t at = 0; at < 3; at++) {
        const auto x = static_cast<float>(at);
        records[at] = {{x, x + 1, x + 2}, at + 10000000000u, "ab", at == 1, {{1, 2.5}, {-3, x}}};
    }
    std::vector<step> steps(2);
    steps[1].values[7] = 9;
    fold made;
    made.add("record", records).add("step", steps);
    made.add("complex", std::vector<std::complex<double>>{{1, -2}, {3, 4}});
    made.add("bool", std::vector<bool>{true, false});
    made.add("text", array::from_strings({"Air", "Wässer"}));
    made.add("scalar", array::scalar(2.5)).add("empty", array::from(std::vector<int>{}, {0, 4}));
    made.add("big", array::from(std::vector<int>{1, -2}).cast(">i4"));
    made.add("turned", array::from(std::vector<int>{1, 2, 3, 4, 5, 6}, {2, 3}).transpose());
    made.save(check::path("cpp.npz"));
    npstow::save(check::path("cpp.npy"), records);
}

void read()
{
    const fold found = fold::load(check::path("numpy.npz"));
    const auto records = found.get("record").to_vector<record>();
    CHECK(records.size() == 2 && records[1].position[2] == 5 && records[1].id == 7);
    CHECK(std::string(records[0].name) == "xyz" && records[0].hit && !records[1].hit);
    CHECK(records[1].both[1].a == -1 && records[1].both[1].b == 0.25);
    CHECK(found.get("big").to_vector<double>() == (std::vector<double>{1.5, -2.5}));
    CHECK(found.get("fortran").to_vector<int>() == (std::vector<int>{1, 2, 3, 4, 5, 6}));
    CHECK(found.get("fortran").grid<int, 2>()(1, 0) == 4);
    CHECK(found.get("text").to_strings() == (std::vector<std::string>{"Air", "Wässer"}));
    CHECK(found.get("bytes").to_strings() == (std::vector<std::string>{"a", "bcd"}));
    CHECK(found.get("scalar").item<float>() == 0.5f);
    CHECK(found.get("complex").to_vector<std::complex<float>>()[1] == std::complex<float>(0, -1));
    CHECK(found.get("step").view<step>()[1].values[7] == 15);
}

} // namespace

int main(int count, char** arguments)
{
    check::begin(count, arguments);
    write();
    const std::string command =
        "\"" NPSTOW_PYTHON "\" \"" NPSTOW_SCRIPT "\" \"" + check::folder + "\"";
    CHECK(std::system(command.c_str()) == 0);
    read();
    return check::end();
}
