// What C++ saves is what NumPy reads, and what NumPy saves is what C++ reads: numpy_check.py holds
// the other half.
#include "check.hpp"
#include "npstow.hpp"
#include "npstow/val.hpp"
#include <complex>

using npstow::array;
using npstow::fold;
using npstow::val;

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

/// All that a val can be, for CPython.
void write_values()
{
    const val shared = val::list({1, 2});
    const val made = val::dict({
        {"none", nullptr},
        {"numbers", val::list({true, -5, ~std::uint64_t{0}, 0.1, std::complex<double>(1, -2)})},
        {"big", val::big("123456789012345678901234567890")},
        {"texts", val::tuple({"W\xc3\xa4sser", std::string("a\0b", 3), ""})},
        {"bytes", val::list({val::bytes(std::string("\0\xff", 2)), val::bytearray("q")})},
        {"sets", val::list({val::set({1, "x"}), val::frozenset({2})})},
        {"array", array::from(std::vector<float>{1, 2, 3, 4}, {2, 2})},
        {"shared", val::tuple({shared, shared})},
        {val::tuple({1, "x"}), val::dict({{1, "int"}, {2.5, "float"}})},
    });
    for (int protocol = 2; protocol <= 5; protocol++)
        npstow::save_pickle(made, check::path("cpp" + std::to_string(protocol) + ".pkl"), protocol);
}

void read_values()
{
    for (int protocol = 0; protocol <= 5; protocol++) {
        const val found =
            npstow::load_pickle(check::path("python" + std::to_string(protocol) + ".pkl"));
        CHECK(found["float64"].get<double>() == 0.5 && found["uint8"].get<std::uint8_t>() == 200);
        CHECK(found["bool"].get<bool>() &&
              found["complex"].get<std::complex<double>>().imag() == -1);
        CHECK(found["array"].get<std::vector<int>>() == (std::vector<int>{1, 2, 3}));
        CHECK(found["array"].is(found["again"]) &&
              found["text"].get<std::string>() == "W\xc3\xa4sser");
        CHECK(found["objects"].objects()[1] == "x" &&
              found["itself"]["float64"].get<float>() == 0.5f);
        CHECK(found["date"].module() == "datetime" && found["date"].name() == "date");
        CHECK(found["ordered"].is_object() && found["ordered"].pairs()[0] == val::tuple({"b", 1}));
        CHECK(found["bytes"].text() == "\xff\x01" && found["set"].size() == 2);
        CHECK(found["ints"].get<std::vector<std::int64_t>>()[2] == -(std::int64_t{1} << 40));
        CHECK(found == npstow::read_pickle(npstow::to_pickle(found, 4)));
    }
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
    write_values();
    const std::string command =
        "\"" NPSTOW_PYTHON "\" \"" NPSTOW_SCRIPT "\" \"" + check::folder + "\"";
    CHECK(std::system(command.c_str()) == 0);
    read();
    read_values();
    return check::end();
}
