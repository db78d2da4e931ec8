package integration
import ("testing";"net/http";"net/http/httptest";"fmt";"time";"io";"chatproxy/integration/browsers")
func TestZZ(t *testing.T){
 for _,e:=range browsers.All { b:=browsers.Start(t,e)
 for _,secure:=range []bool{false,true}{ for _,pol:=range []string{"report-uri /r; report-to g","report-uri /r"} {
  got:=make(chan string,10)
  h:=http.HandlerFunc(func(w http.ResponseWriter,r *http.Request){
   if r.URL.Path=="/r" { x,_:=io.ReadAll(r.Body); got<-r.Header.Get("Content-Type")+" "+string(x); return}
   w.Header().Set("Content-Type","text/html"); w.Header().Set("Content-Security-Policy","script-src 'none'; "+pol); w.Header().Set("Reporting-Endpoints",`g="/r"`)
   fmt.Fprint(w,"<script>1</script>hello")})
  var s *httptest.Server
  if secure { s=httptest.NewTLSServer(h)} else {s=httptest.NewServer(h)}
  b.Open(s.URL+"/x")
  select { case x:=<-got: fmt.Println(e,secure,pol,"GOT",x[:60]); case <-time.After(75*time.Second): fmt.Println(e,secure,pol,"nothing") }
  s.CloseClientConnections(); s.Close()
 }}}
}
