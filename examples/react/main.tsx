import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { LivePlayer } from "./live-player.tsx";

function App() {
  const [isOn, setOn] = useState(true);
  return (
    <>
      <button type="button" onClick={() => setOn(!isOn)}>
        {isOn ? "Close" : "Watch"}
      </button>
      {isOn && <LivePlayer stream="studio" />}
    </>
  );
}

createRoot(document.querySelector("#root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
