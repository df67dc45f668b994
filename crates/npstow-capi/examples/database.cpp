// A database of nested dictionaries in a pickle, as programs with PicklingTools keep them: read, looked
// through, changed and written.
//
//     database FOLDER      makes FOLDER/database.pkl first where there is none
#include <cstdio>
#include <map>
#include <npstow/val.hpp>
#include <string>
#include <vector>

using npstow::val;

static val make()
{
    val db = val::dict({{"version", 3}, {"site", "north"}});
    for (const char* name : {"alpha", "beta"}) {
        val& run = db["runs"][name];
        run["cuts"] = val::list({0.5, 2.5, "loose"});
        run["channels"] = std::map<std::string, std::vector<int>>{{"east", {1, 2}}, {"west", {3}}};
        run["hits"] = npstow::array::from(std::vector<double>{0.25, 0.5, 1.0});
        run["range"] = val::tuple({1, 100});
        run["note"] = nullptr;
    }
    return db;
}

static double total(const val& run)
{
    double sum = 0;
    for (const double hit : run["hits"].view<double>()) sum += hit;
    return sum;
}

int main(int count, char** arguments)
{
    if (count != 2) {
        std::fprintf(stderr, "usage: database FOLDER\n");
        return 2;
    }
    const std::string path = arguments[1] + std::string("/database.pkl");
    npstow::error absent;
    npstow::load_pickle(path, absent);
    try {
        if (absent) npstow::save_pickle(make(), path);

        // What a pickle names is known before it is used; npstow runs none of it in any case.
        const npstow::pickle_scan scan = npstow::scan_pickle(path);
        std::printf("%zu names, nothing worse than %d\n", scan.mentions.size(), int(scan.worst));

        val db = npstow::load_pickle(path);
        const int version = db["version"];
        const std::string site = db["site"];
        std::printf("version %d of %s\n", version, site.c_str());
        for (auto& [name, run] : db["runs"].items()) {
            const double first = run["cuts"][0];
            const std::map<std::string, std::vector<int>> channels = run["channels"];
            std::printf("%s: first cut %g, %zu channels, %g in all\n",
                        name.get<std::string>().c_str(), first, channels.size(), total(run));
        }

        // A copy is apart; what is the same in both is kept, and written, once.
        val& runs = db["runs"];
        val gamma = runs["alpha"];
        gamma["cuts"].push("tight");
        gamma["note"] = "as alpha, but for a cut";
        db.set("version", version + 1);
        db["runs"]["gamma"] = gamma;
        db.erase("site");
        npstow::save_pickle(db, arguments[1] + std::string("/next.pkl"), 2);

        const val next = npstow::load_pickle(arguments[1] + std::string("/next.pkl"));
        std::printf("%s\n%s\n", next["runs"]["gamma"]["cuts"].repr().c_str(), next.json().c_str());

        // What is something else is said, with what was wanted.
        const int wrong = next["runs"]["gamma"]["note"];
        return wrong;
    } catch (const npstow::error& error) {
        std::printf("%s\n", error.what());
        return error.status() == npstow::status::mismatch ? 0 : 1;
    }
}
