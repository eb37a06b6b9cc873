import { useSignal, useSignalEffect } from "@preact/signals";
import { distance, formatDistance } from "../geo";
import { fitTo } from "../map/map";
import { ownRoute, recordDevice } from "../record/recorder";
import { listTravelers } from "../rpc/travelers";
import { dialog } from "../ui/dialogs";
import { FollowIcon, PeopleIcon } from "../ui/icons";
import { Rows } from "../ui/rows";
import { Avatar } from "./avatar";
import { isOld } from "./layers";
import type { Sighting } from "./roster";
import { clock, followed, goTo, lookAgain, nameOf, reference, roster, rows, toggleFollowing } from "./travelers";
import { words } from "./words";

const ROW = 60;

/** Who is on the way around what the map shows. */
export function TravelersPanel() {
  const state = roster.state.value;
  const list = rows.value;
  return (
    <div class="travelers">
      {state.kind === "failed" && (
        <div class="problem" role="alert">
          <p>{words.failed(state.reason)}</p>
          <button type="button" class="button small" onClick={lookAgain}>
            {words.again}
          </button>
        </div>
      )}
      {list.length > 0 ? (
        <>
          <p class="summary">
            <span role="status">{words.count(list.length)}</span>
            <span>{reference.value.own ? words.fromYou : words.fromCentre}</span>
          </p>
          <Rows
            label={words.list}
            count={list.length}
            heightOf={() => ROW}
            keyOf={(index) => list[index]?.route ?? ""}
            row={(index) => list[index] && <Row traveler={list[index]} />}
          />
        </>
      ) : (
        <Nobody loading={state.kind === "loading"} />
      )}
      {list.length > 0 && (
        <footer>
          {ownRoute.value === "" && (
            <button type="button" class="button primary route" onClick={recordDevice}>
              {words.record}
            </button>
          )}
          <AddPhone />
        </footer>
      )}
    </div>
  );
}

function AddPhone() {
  return (
    <button
      type="button"
      class="button"
      onClick={() => {
        dialog.value = "phones";
      }}
    >
      {words.addPhone}
    </button>
  );
}

function Row({ traveler }: { traveler: Sighting }) {
  const { position, motion, route } = traveler;
  const now = clock.value;
  const old = isOld(traveler, now);
  const minutes = Math.floor((now - position.time) / 60_000);
  const own = route === ownRoute.value;
  const name = nameOf(traveler);
  const following = followed.value === route;
  const details = [
    old ? words.lastSeen(words.minutes(minutes)) : words.motion(motion.speed, motion.heading),
    position.battery !== null && words.battery(Math.round(position.battery)),
    !old && position.elevation !== null && words.high(Math.round(position.elevation)),
  ];
  return (
    <div class="person-row">
      <button type="button" class="person" title={traveler.name || undefined} onClick={() => goTo(traveler)}>
        <Avatar name={traveler.name} route={route} faded={old} />
        <span class="row-text">
          <b>
            {name}
            {own && ` (${words.you})`}
          </b>
          <small>{details.filter(Boolean).join(" · ")}</small>
        </span>
        <span class="row-end">
          <b>{formatDistance(distance(reference.value.point, position.point))}</b>
          <small>{minutes < 1 ? words.now : words.minutes(minutes)}</small>
        </span>
      </button>
      <button
        type="button"
        class="icon-button small"
        aria-pressed={following}
        aria-label={words.follow(name)}
        title={words.follow(name)}
        onClick={() => toggleFollowing(traveler)}
      >
        <FollowIcon />
      </button>
    </div>
  );
}

/** Nobody is here: who is elsewhere, and what to do. */
function Nobody({ loading }: { loading: boolean }) {
  const others = useSignal<Awaited<ReturnType<typeof listTravelers>>>([]);

  useSignalEffect(() => {
    if (roster.state.value.kind !== "live") return;
    const control = new AbortController();
    listTravelers(control.signal).then(
      (found) => {
        others.value = found;
      },
      () => {}, // That there are others elsewhere is not needed.
    );
    return () => control.abort();
  });

  return (
    <div class="empty">
      <PeopleIcon />
      <h2>{loading ? words.looking : words.nobody}</h2>
      <p>{words.nobodyHint}</p>
      <button type="button" class="button primary route" onClick={recordDevice}>
        {words.record}
      </button>
      <AddPhone />
      {others.value.length > 0 && (
        <>
          <p>{words.elsewhere(others.value.length)}.</p>
          <button type="button" class="button" onClick={() => fitTo(others.value.map((t) => t.position.point))}>
            {words.showElsewhere}
          </button>
        </>
      )}
    </div>
  );
}
