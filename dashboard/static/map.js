/** The map. The only door to Leaflet. It works with nothing but this machine: a grid of metres, or a base layer of our own. */

import * as L from "/vendor/leaflet/leaflet-src.esm.js";
import { el } from "./dom.js";
import { partyShape } from "./signs.js";
import { t } from "./words.js";

const START = { centre: [20.5888, -100.3899], zoom: 12 }; // somewhere, until there is something to show
const ZOOM_MAX = 18;
const METRES_PER_DEG = 111_320;
const NICE = [1, 2, 5];
const ALONE_M = 500; // around her where she has no perimeter
const GRID_PX = 110; // about this far apart
const GRID_LINES_MAX = 60;

/** A map in `place`, over tiles, a base layer, or a plain grid. Resolves at once; the base layer comes when it comes. */
export function makeMap(place, settings, label) {
  const map = L.map(place, { zoomControl: false, attributionControl: Boolean(settings.tile_url), maxZoom: ZOOM_MAX, zoomSnap: 0.5 });
  map.setView(START.centre, START.zoom);
  place.setAttribute("role", "application");
  place.setAttribute("aria-label", label);
  L.control.zoom({ zoomInTitle: t("map.in"), zoomOutTitle: t("map.out") }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  north().addTo(map);
  if (settings.tile_url) L.tileLayer(settings.tile_url, { maxZoom: ZOOM_MAX, attribution: plain(settings.tile_attribution) }).addTo(map);
  if (settings.base_layer_url) addBase(map, settings.base_layer_url).catch(() => addGrid(map));
  else if (!settings.tile_url) addGrid(map);
  const watch = new ResizeObserver(() => map.invalidateSize());
  watch.observe(place);
  map.on("unload", () => watch.disconnect());
  return map;
}

function plain(text) {
  return (text ?? "").replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function north() {
  const control = L.control({ position: "topright" });
  control.onAdd = () => el("div", { class: "north" }, `↑ ${t("wind.N").slice(0, 1).toUpperCase()}`);
  return control;
}

/** The streets of a town are thousands of lines: on one canvas, in the colour of the hour. Raises where there is no such layer. */
async function addBase(map, url) {
  const streets = await (await fetch(url, { credentials: "same-origin" })).json();
  const probe = map.getContainer().appendChild(el("i", { class: "base" }));
  const style = { renderer: L.canvas({ padding: 0.5 }), color: getComputedStyle(probe).color, weight: 1, interactive: false, fill: false };
  probe.remove();
  L.geoJSON(streets, { style, interactive: false, pointToLayer: (_, at) => L.circleMarker(at, { ...style, radius: 1 }) }).addTo(map);
}

/** Lines each so many metres, so that distance can be read where there is nothing else. */
function addGrid(map) {
  const lines = L.layerGroup().addTo(map);
  const draw = () => {
    lines.clearLayers();
    const bounds = map.getBounds().pad(0.1);
    const step_m = niceStep(map);
    const step_lat = step_m / METRES_PER_DEG;
    const step_lon = step_lat / Math.cos((map.getCenter().lat * Math.PI) / 180);
    const options = { className: "grid", weight: 1, interactive: false };
    for (const lat of marks(bounds.getSouth(), bounds.getNorth(), step_lat)) {
      L.polyline([[lat, bounds.getWest()], [lat, bounds.getEast()]], options).addTo(lines);
    }
    for (const lon of marks(bounds.getWest(), bounds.getEast(), step_lon)) {
      L.polyline([[bounds.getSouth(), lon], [bounds.getNorth(), lon]], options).addTo(lines);
    }
    lines.eachLayer((line) => line.bringToBack());
  };
  map.on("moveend zoomend resize", draw);
  draw();
}

function marks(from, to, step) {
  const first = Math.ceil(from / step);
  const count = Math.min(GRID_LINES_MAX, Math.floor(to / step) - first + 1);
  return Array.from({ length: Math.max(0, count) }, (_, n) => (first + n) * step);
}

function niceStep(map) {
  const wanted = GRID_PX * metresPerPixel(map);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return (NICE.find((n) => n * power >= wanted) ?? 10) * power;
}

function metresPerPixel(map) {
  const { lat } = map.getCenter();
  return (40_075_016.7 * Math.cos((lat * Math.PI) / 180)) / 2 ** (map.getZoom() + 8);
}

/** The layers of one GeoJSON zone: a circle where it is a point with a radius, a band where it is a line with a width. */
export function zoneLayer(map, feature) {
  const { kind, radius_m, width_m, buffer_m } = feature.properties ?? {};
  const options = { className: `zone ${kind === "inclusion" ? "inclusion" : "exclusion"}`, weight: 2, interactive: false };
  const group = L.layerGroup();
  const { type, coordinates } = feature.geometry;
  if (type === "Point") {
    const centre = [coordinates[1], coordinates[0]];
    L.circle(centre, { ...options, radius: radius_m ?? 0 }).addTo(group);
    if (buffer_m) L.circle(centre, { ...options, className: "zone buffer", radius: (radius_m ?? 0) + buffer_m, fill: false }).addTo(group);
  } else if (type === "LineString") band(map, group, coordinates, width_m ?? 0, options);
  else L.geoJSON(feature.geometry, { style: options, interactive: false }).addTo(group);
  return group;
}

/** A corridor: a stroke as wide as its metres are here, drawn anew at each zoom. */
function band(map, group, coordinates, width_m, options) {
  const at = coordinates.map(([lon, lat]) => [lat, lon]);
  const wide = L.polyline(at, { ...options, className: `${options.className} band`, lineCap: "round" }).addTo(group);
  const fit = () => wide.setStyle({ weight: Math.max(2, width_m / metresPerPixel(map)) });
  map.on("zoomend", fit);
  wide.on("remove", () => map.off("zoomend", fit));
  fit();
  L.polyline(at, { ...options, className: `${options.className} middle`, weight: 1 }).addTo(group);
}

/** Both parties on a map: where they are, how sure that is, where they came from, and what is barred. */
export class PartyMap {
  constructor(place, settings, label) {
    this.map = makeMap(place, settings, label);
    this.zones = L.layerGroup().addTo(this.map);
    this.moving = L.layerGroup().addTo(this.map);
    this.follows = true;
    this.map.on("dragstart", () => (this.follows = false));
    place.addEventListener("wheel", () => (this.follows = false), { passive: true });
    place.addEventListener("keydown", (event) => event.key.startsWith("Arrow") && (this.follows = false));
  }

  /** Draw a moment, as GET positions or a frame of the playback gives it. */
  show(moment) {
    this.drawZones(moment.zones ?? []);
    this.moving.clearLayers();
    const { protected: she, respondent: he, perimeter_m, warning_m, closest } = moment;
    if (she) this.ring(she, warning_m, "ring warning"), this.ring(she, perimeter_m, "ring perimeter");
    if (closest) this.meeting(closest, she, he);
    if (he) this.party("respondent", he);
    if (she) this.party("protected", she);
    if (this.follows) this.fit(moment);
  }

  drawZones(zones) {
    const key = JSON.stringify(zones);
    if (key === this.zoneKey) return;
    this.zoneKey = key;
    this.zones.clearLayers();
    for (const feature of zones) zoneLayer(this.map, feature).addTo(this.zones);
  }

  ring(she, radius_m, name) {
    if (radius_m > 0) L.circle([she.lat, she.lon], { radius: radius_m, className: name, fill: false, weight: 2, interactive: false }).addTo(this.moving);
  }

  party(role, at) {
    const here = [at.lat, at.lon];
    const trail = [...(at.trail ?? []).map(([, lat, lon]) => [lat, lon]), here];
    L.polyline(trail, { className: `trail ${role}`, weight: 3, interactive: false }).addTo(this.moving);
    L.circle(here, { radius: at.radius_m ?? 0, className: `error ${role}`, weight: 1, interactive: false }).addTo(this.moving);
    const icon = L.divIcon({ html: partyShape(role), className: "marker", iconSize: [24, 24] });
    L.marker(here, { icon, interactive: false, keyboard: false }).addTo(this.moving);
  }

  /** Where the two will be closest, if both go on as now. */
  meeting(closest, she, he) {
    const lines = [[she, closest.protected], [he, closest.respondent]];
    for (const [from, to] of lines) {
      if (from && to) L.polyline([[from.lat, from.lon], to], { className: "closest", weight: 2, dashArray: "3 6", interactive: false }).addTo(this.moving);
    }
    L.circleMarker(closest.respondent, { className: "closest", radius: 5, weight: 2, interactive: false }).addTo(this.moving);
  }

  /** Everything that matters, in view: both parties and her perimeter. */
  fit({ protected: she, respondent: he, perimeter_m }) {
    const points = [she, he].filter(Boolean).map((one) => L.latLng(one.lat, one.lon).toBounds(Math.max(200, 2 * (one.radius_m ?? 0))));
    if (she) points.push(L.latLng(she.lat, she.lon).toBounds(2 * (perimeter_m || ALONE_M)));
    if (!points.length) return;
    const bounds = points.reduce((all, one) => all.extend(one), L.latLngBounds(points[0].getSouthWest(), points[0].getNorthEast()));
    const inside = this.map.getBounds();
    const close = this.wasFitted && inside.contains(bounds) && this.map.getBoundsZoom(bounds) - this.map.getZoom() < 2;
    if (!close) this.map.fitBounds(bounds.pad(0.25), { maxZoom: 17, animate: false });
    this.wasFitted = true;
  }

  /** Take the view back after somebody has moved it. */
  recentre() {
    this.follows = true;
    this.wasFitted = false;
  }

  close() {
    this.map.remove();
  }
}

/** An editor of one geometry by clicks. `changed(coordinates)` gets [[lat, lon], …] after each click. */
export class Pencil {
  constructor(map, changed) {
    Object.assign(this, { map, changed, kind: null, points: [] });
    this.layer = L.layerGroup().addTo(map);
    map.doubleClickZoom.disable();
    map.on("click", (event) => this.kind && this.add([event.latlng.lat, event.latlng.lng]));
  }

  /** Begin with these points: circle | polygon | corridor, or null to lay it down. */
  take(kind, points = [], width_m = 0) {
    Object.assign(this, { kind, points, width_m });
    this.draw();
  }

  add(point) {
    const rounded = point.map((degrees) => Math.round(degrees * 1e6) / 1e6);
    this.points = this.kind === "circle" ? [rounded] : [...this.points, rounded];
    this.draw();
    this.changed(this.points);
  }

  draw() {
    this.layer.clearLayers();
    const options = { className: "draft", weight: 3, interactive: false };
    for (const point of this.points) L.circleMarker(point, { ...options, radius: 4 }).addTo(this.layer);
    if (this.kind === "circle" && this.points[0]) L.circle(this.points[0], { ...options, radius: this.width_m }).addTo(this.layer);
    if (this.kind === "polygon" && this.points.length > 1) L.polygon(this.points, options).addTo(this.layer);
    if (this.kind === "corridor" && this.points.length > 1) band(this.map, this.layer, this.points.map(([lat, lon]) => [lon, lat]), this.width_m, options);
  }

  /** Bring into view what is drawn, or these bounds of other layers. */
  look(layers = []) {
    const all = L.featureGroup([...this.layer.getLayers(), ...layers.flatMap((group) => group.getLayers())]);
    const bounds = all.getBounds();
    if (bounds.isValid()) this.map.fitBounds(bounds.pad(0.3), { maxZoom: 16, animate: false });
  }
}
