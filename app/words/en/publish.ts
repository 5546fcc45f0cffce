import { plural } from "../../kit/format.ts";

/** Said by the publish view. */
export const publish = {
  title: "Publish",
  formLabel: "Publish",
  live: "Live",
  paused: "Paused",
  goLive: "Go live",
  cancel: "Cancel",

  sources: {
    pattern: { name: "Test pattern", note: "a clock and a tone; asks nothing" },
    camera: { name: "Camera", note: "with microphone" },
    screen: { name: "Screen", note: "a tab, a window or all of it" },
    file: { name: "Files", note: "MP4, MOV, WebM, MKV or audio" },
  },
  source: {
    legend: "Source",
    optionsOf: (name: string): string => `Options of the source: ${name}`,
    camera: "Camera",
    microphone: "Microphone",
    defaultDevice: "The browser’s choice",
    noMicrophone: "No microphone",
    unnamedDevices: "The browser names the cameras and microphones once this page may use one.",
    sound: "With sound",
    screenSound: "With its sound",
    screenSoundNote:
      "The browser asks for it again beside what is shared: a tab always can, a window or a whole screen only on some systems.",
  },
  preview: {
    label: (source: string): string => `Preview: ${source}`,
    pattern: "A picture with a running clock, and a soft tone: good to try things out.",
    noFile: "Choose a file below, or drop one anywhere on this page.",
    noPicture: "This browser does not play that file as it is. Once live, it is converted where that is possible.",
    off: {
      camera: "See and hear yourself before anyone else does. Nothing is sent yet.",
      screen: "Choose what to share and look at it first. Nothing is sent yet.",
    },
    asking: {
      camera: "The browser asks whether this page may use the camera.",
      screen: "The browser asks what to share.",
    },
    open: { camera: "Turn the camera on", screen: "Choose what to share" },
    again: "Try again",
  },
  files: {
    choose: "Choose files",
    addMore: "Add more files",
    orDrop: "or drop them anywhere on this page",
    list: "Files, in the order they are played",
    several: (count: number): string => `${count} files`,
    chosen: (count: number): string => (count === 0 ? "No file chosen." : `${plural(count, "file")} chosen.`),
    loop: "Start again at its end",
    loopAll: "Start again at the end of the last one",
    earlier: (name: string): string => `Play ${name} earlier`,
    later: (name: string): string => `Play ${name} later`,
    remove: (name: string): string => `Remove ${name}`,
    playing: (name: string, number: number, count: number): string => `Playing ${name}, ${number} of ${count}.`,
  },
  meters: {
    label: "Sound level",
    channels: (count: number): readonly string[] =>
      count === 1
        ? ["Sound"]
        : count === 2
          ? ["Sound, left", "Sound, right"]
          : Array.from({ length: count }, (_, at) => `Sound, channel ${at + 1}`),
    level: (peakDb: number | undefined): string =>
      peakDb === undefined ? "silence" : `${Math.round(peakDb)} decibels`,
  },

  name: {
    label: "Name",
    note: "Viewers find the stream by it. Letters, digits, dots, hyphens, underscores.",
  },
  latency: {
    label: "Delay",
    offered: {
      200: "About 0.7 seconds, the lowest",
      333: "About one second, a good start",
      500: "About 1.6 seconds, calmer",
      1000: "About three seconds, the steadiest",
    },
    custom: (partTargetMs: number): string =>
      `About ${((partTargetMs * 3) / 1000).toFixed(1)} seconds, as the address asks`,
    note: (partTargetMs: number): string =>
      `So far are viewers behind: the video goes out in parts of ${partTargetMs} ms.${partTargetMs < 300 ? " On a busy machine it may stall." : ""}`,
  },
  quality: {
    legend: "Quality",
    height: "Picture",
    frameRate: "Pictures a second",
    copies: "Sizes",
    asItComes: "As it comes",
    lines: (height: number): string => `${height}p`,
    rate: (frameRate: number): string => String(frameRate),
    copiesOf: (copies: number): string =>
      copies === 0
        ? "One for all viewers"
        : copies === 1
          ? "A smaller one too, for slow connections"
          : "Two smaller ones too, for slow connections",
    tooMuch: ", too much as measured",
    measure: "Measure it",
    measureAgain: "Measure again",
    state: {
      unknown: "What this machine can encode has not been measured yet.",
      measuring: "Measuring what this machine can encode: a second or so.",
      failed: "What this machine can encode could not be measured.",
    },
    nothingInTime: "Measured: this machine encodes no picture in time. Close other programs, and measure again.",
    over: (height: number): string =>
      `Measured: this is more than this machine encodes in time, and pictures may be left out. ${height}p is the most.`,
    best: (height: number, frameRate: number): string =>
      `Measured: this machine encodes up to ${height}p at ${Math.round(frameRate)} pictures a second.`,
    load: (load: number): string => `What is chosen takes about ${Math.max(1, Math.round(load * 100))} % of its time.`,
  },
  sharing: {
    legend: "Who may watch",
    peers: "Let others watch, over the network",
    peersOff: "Off: only tabs of this browser can watch, and nothing leaves it.",
    peersOn:
      "Viewers connect to this browser and see its network address. It sends about two copies of the stream, however many watch: they pass it on.",
    peersForbidden: "Your settings say that this browser gives nothing to other viewers. For this stream it does.",
    settings: "Settings",
    relay: "Send it to a relay",
    relayUrl: "Address of the relay",
    relayNote: "A relay of Media over QUIC. Whoever runs it gets the whole stream, and can pass it to many.",
  },

  health: {
    good: "Live. Everything is well: keep this tab open.",
    muted: "Live, without sound: it is muted.",
    paused: "Live, and paused: viewers see a still picture.",
    ending: "Ending: the last parts are being stored.",
    lost: (parts: number): string => `${plural(parts, "part")} had to be left out just now: this machine is too busy.`,
    slowWorker: "The Service Worker is slow to take the video; viewers may stall.",
    dropping: (share: number): string =>
      `${Math.max(1, Math.round(share * 100))} % of the pictures are left out: the encoder has no time for them. A smaller picture, or other programs closed, would help.`,
    relayLost: "Live, but the relay cannot be reached. It is tried again by itself.",
    signallingLost: "Live, but new viewers cannot find this browser at the moment. It is tried again by itself.",
    busy: "Live, but the encoder has hardly any time to spare. A smaller picture would be safer.",
  },
  side: "The stream",
  slate: "Back in a moment",
  stage: {
    muted: "Muted",
    paused: "Viewers see a still picture that says so, and hear nothing.",
    soundOnly: "Sound alone: there is no picture.",
    previewStopped: "The preview stopped. The stream goes on.",
    watchInTab: "Watch it in a new tab",
  },
  controls: {
    label: "Controls of the stream",
    mute: {
      label: (muted: boolean): string => (muted ? "Unmute" : "Mute"),
      about: "Mute, or let the sound through again",
    },
    pause: {
      label: (paused: boolean): string => (paused ? "Go on" : "Pause"),
      about: "Pause to a still picture, or go on",
    },
    switch: { label: "Switch source", about: "Go on with another source" },
    next: { label: "Next file", about: "Play the next file" },
    share: { label: "Share", about: "Show the link and its QR code" },
    keys: { label: "Keys", about: "Show this list" },
    end: { label: "End the stream", about: "End the stream; it asks first" },
  },
  said: {
    live: (name: string): string => `“${name}” is live.`,
    muted: "Muted: viewers hear nothing.",
    unmuted: "The sound is on again.",
    paused: "Paused: viewers see a still picture.",
    resumed: "The stream goes on.",
    switched: (source: string): string => `On the air now: ${source}.`,
    ended: (name: string): string => `“${name}” has ended.`,
    filesAdded: (count: number): string => `${plural(count, "file")} added.`,
  },
  link: {
    label: "Watch link",
    open: "Open it in a new tab",
    local: ". It works in every tab of this browser, for as long as this tab stays open.",
    shared:
      ". It works for whoever you give it to, for as long as this tab stays open, and proves to them that the stream is yours.",
    copied: "The link is copied.",
    copyByHand: "The browser does not let this page copy. The link is selected: copy it with the keyboard.",
  },
  figures: {
    label: "Figures of the stream",
    sentLabel: "Figures of what viewers get",
    rate: { label: "Bit rate", hint: "Average of the last seconds" },
    fps: { label: "Pictures a second", hint: "As they are encoded; a file that is sent as it is needs no encoding" },
    load: {
      label: "Encoder load",
      hint: "Share of the time that the busiest encoder works; at 100 % it has none to spare",
    },
    dropped: { label: "Dropped frames", hint: "Pictures that the encoder had no time for" },
    source: { label: "On the air" },
    picture: { label: "Picture" },
    noPicture: "none, sound alone",
    size: (width: number, height: number, smaller: number): string =>
      `${width} × ${height}${smaller === 0 ? "" : `, and ${smaller} smaller`}`,
    sent: { label: "Sent so far" },
    parts: { label: "Parts sent" },
    pending: { label: "Unacknowledged", hint: "Parts on their way to the Service Worker" },
    viewers: { label: "Connected viewers", hint: "They pass it on to others, who are not counted here" },
    viewersText: (now: number, most: number): string => (most > now ? `${now} (at most ${most})` : String(now)),
    uplink: { label: "Sent to viewers" },
    copies: { label: "Copies sent", hint: "How often each byte left this browser, on average" },
  },
  share: {
    title: (name: string): string => `Watch ${name}`,
    qr: "QR code of the watch link",
    share: "Share…",
    onlyHere:
      "Only tabs of this browser can open it: the stream is not shared. To let others watch, end it, and allow that before you go live again.",
    thisMachine:
      "This page was opened by an address that only this machine knows. Others need Eddy at an address they can reach.",
    everybody: "Whoever has the link, or scans the code, can watch for as long as the stream is live.",
    noPicture: "The link is too long for a QR code, or what draws it could not be loaded. Copying works.",
    notShared: "The browser could not share the link. Copying works.",
  },
  end: {
    title: (name: string): string => `End “${name}”?`,
    viewers: "Viewers see what they have until then, and that it has ended.",
    looking: "Looking at what is recorded.",
    kept: (length: string, size: string): string =>
      `The recording stays in the library of this browser: ${length} so far, ${size}.`,
    notKept: "Nothing of it is kept on disk: the last minute goes with this browser’s session.",
    unknown: "What is recorded of it cannot be seen at the moment.",
    confirm: "End now",
    goOn: "Stay live",
  },
  switching: {
    title: "Switch the source",
    note: "The stream goes on: viewers see what is live now until the other source is there, in the size that the stream has.",
    confirm: "Put it on the air",
  },
  keys: {
    title: "Keys while live",
    escape: "Close what is open; nothing ends by it",
    enabled: "These keys do something",
  },
  summary: {
    title: (name: string): string => `“${name}” has ended`,
    how: {
      asked: "You ended it.",
      source: "The source came to its end, and the stream with it.",
      failed: "Something broke it: what it was stands above.",
    },
    figures: "What it was",
    length: "Live for",
    size: "Sent",
    dropped: "Dropped frames",
    lost: "Parts left out",
    viewers: "Most viewers at once",
    kept: (length: string, size: string): string => `The recording is kept in this browser: ${length}, ${size}.`,
    notKept: "Nothing of it is kept on disk.",
    again: "Go live again",
    watch: "Watch the recording",
    library: "Open the library",
  },
  newTab: "opens in a new tab while you are live",

  hints: {
    noFile: "Choose a file first, or drop one here.",
    chooseFile: "Choose the file to publish; a page cannot take one by itself. Then go live.",
    chooseScreen: "The browser shares a screen only after a click: go live, then choose what to share.",
    confirmSending:
      "This link would send your camera to others. Look at the choices below; nothing is sent before you go live.",
    calledOff: "Called off. Nothing was published.",
    checkChoices: "Nothing was started. Check the choices below and go live.",
  },
  starting: {
    pattern: "Starting the encoder.",
    camera: "Waiting for the camera. The browser may ask whether this page may use it.",
    screen: "Waiting for the choice of what to share.",
    file: "Reading the file.",
  },
};
